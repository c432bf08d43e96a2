#![no_main]
camctl_fuzz::target!("projection");
