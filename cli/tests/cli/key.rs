//! `sumcast key`.

use super::{HOME, bad_input, json, sumcast};

#[test]
fn keys_are_made_listed_and_revoked() {
    let data = HOME.join("keys");
    let made = json(&[
        &"key",
        &"new",
        &"--data",
        &data,
        &"--name",
        &"alice",
        &"--scope",
        &"prove,read",
        &"--expires-days",
        &"2",
        &"--per-minute",
        &"90",
    ]);
    let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    assert!(key.starts_with(&format!("sumcast_{id}_")), "{made}");
    assert_eq!(made["expires"].as_i64().unwrap() - made["created"].as_i64().unwrap(), 2 * 86_400_000);

    let listed = json(&[&"key", &"list", &"--data", &data]);
    let one = &listed["keys"][0];
    assert_eq!((one["id"].as_str(), one["per_minute"].as_u64()), (Some(id), Some(90)), "{listed}");
    let secret = key.rsplit('_').next().unwrap();
    assert!(!listed.to_string().contains(secret), "{listed}");
    let list = || sumcast(&[&"key", &"list", &"--data", &data]).stdout;
    assert!(list().contains("alice  read,prove          90  expires in 2 days"), "{}", list());

    assert_eq!(json(&[&"key", &"revoke", &"--data", &data, &id])["id"].as_str(), Some(id));
    assert!(list().contains("revoked"), "{}", list());
    bad_input::refused(&[&"key", &"revoke", &"--data", &data, &"none"], &["no key \"none\"", "key list"]);
    let new = |name, scope| {
        let run = sumcast(&[&"key", &"new", &"--data", &data, &"--name", &name, &"--scope", &scope]);
        assert_eq!(run.code, 2);
        run.stderr
    };
    assert!(new("alice", "write").contains("there is no scope \"write\""));
    assert!(new("a b", "read").contains("1 to 64 letters"));
}
