//! `sumcast relay`.

use super::serve::{Ended, Place, runtime, stopped};
use crate::error::Result;
use crate::logs::Logs;
use crate::output::Outcome;
use clap::Args;

/// Arguments of `relay`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    SUMCAST_RELAY_KEY_MAINNET=0x.. sumcast relay --config sumcast.toml\n  \
    sumcast relay --config sumcast.toml --once\n\n\
    A process beside a service, with its settings, database and folder. The settings have the chains: for each of them a\n\
    table [chains.NAME] with rpc, chain_id, feed, worker, max_fee_gwei and spend_wei_per_day, and with keystore and\n\
    password_file unless the worker's key is in SUMCAST_RELAY_KEY_NAME. A proof that was asked for with\n\
    \"post\": {\"chain\": NAME, \"topic\": \"1\", \"epoch\": 301} is posted once it is done: GET /v1/posts tells how far it is.\n\
    What is signed is on record before it is sent, so a relayer that is stopped, however it is, posts nothing twice. Of\n\
    several relayers one works on a chain. Ctrl-C or SIGTERM ends it.")]
pub(crate) struct Relay {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    logs: Logs,
    /// Look at every chain once, do what can be done, and end
    #[arg(long)]
    once: bool,
}

impl Relay {
    pub(crate) fn run(self) -> Result<Outcome> {
        let config = self.place.read()?;
        self.logs.begin();
        runtime()?.block_on(async {
            // From the beginning: whoever ends it early is heard.
            let stop = (!self.once).then(|| tokio::spawn(stopped()));
            let relay = sumcast_service::Relay::open(&config).await?;
            for chain in relay.chains() {
                let (name, rpc, worker) = (&chain.name, chain.shown_rpc(), chain.worker);
                self.logs.say(&format!("posting to chain {name} through {rpc} as {worker}"));
            }
            match stop {
                None => relay.once().await,
                Some(stop) => {
                    // Where that cannot be told, it ends now.
                    relay.run(async { drop(stop.await) }).await
                }
            }
        })?;
        Outcome::new(&Ended)
    }
}
