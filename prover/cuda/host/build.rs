//! Compiles the kernels for this machine.

fn main() {
    println!("cargo::rerun-if-changed=../kernels");
    println!("cargo::rerun-if-changed=src/host.cc");
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .file("src/host.cc")
        .include("../kernels")
        // What a device would not do either: read where a type may not lie, shift by too much, overflow.
        .flag_if_supported("-fsanitize=undefined")
        .flag_if_supported("-fsanitize-undefined-trap-on-error")
        .flag_if_supported("-Wno-unknown-pragmas")
        .opt_level(2)
        .compile("sumcast_kernels");
}
