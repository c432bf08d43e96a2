#![no_main]
camctl_fuzz::target!("config");
