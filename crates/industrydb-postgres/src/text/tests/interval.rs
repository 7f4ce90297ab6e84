//! `interval` as ISO 8601, as PostgreSQL 15, 16 and 18 give it, and the infinities of PostgreSQL 18.

use super::*;

const ROWS: &[(&str, &str)] = &[
    ("00000000000000000000000000000000", "PT0S"),
    ("0000000000000000000000000000000c", "P1Y"),
    ("00000000000000000000000000000018", "P2Y"),
    ("000000000000000000000000fffffff4", "P-1Y"),
    ("00000000000000000000000000000001", "P1M"),
    ("0000000000000000000000000000000b", "P11M"),
    ("0000000000000000000000000000000d", "P1Y1M"),
    ("000000000000000000000000ffffffff", "P-1M"),
    ("000000000000000000000000fffffff3", "P-1Y-1M"),
    ("000000000000000000000000ffffffe7", "P-2Y-1M"),
    ("00000000000000000000000100000000", "P1D"),
    ("00000000000000000000000200000000", "P2D"),
    ("0000000000000000ffffffff00000000", "P-1D"),
    ("00000000000000000000002800000000", "P40D"),
    ("00000000d693a4000000000000000000", "PT1H"),
    ("ffffffff296c5c000000000000000000", "PT-1H"),
    ("00000000000f42400000000000000000", "PT1S"),
    ("00000000000000010000000000000000", "PT0.000001S"),
    ("ffffffffffffffff0000000000000000", "PT-0.000001S"),
    ("fffffffffff85ee00000000000000000", "PT-0.5S"),
    ("00000000039386ff0000000000000000", "PT59.999999S"),
    ("00000053d1ac10000000000000000000", "PT100H"),
    ("00000347074c43ff0000000000000000", "PT1000H59M59.999999S"),
    ("fffffcb8f8bb5d200000000000000000", "PT-1000H-59M-59.5S"),
    ("000000036c97ca88000000030000000e", "P1Y2M3DT4H5M6.789S"),
    ("fffffffc93683578fffffffdfffffff2", "P-1Y-2M-3DT-4H-5M-6.789S"),
    ("0000000000000000000000030000000a", "P10M3D"),
    ("000000000000000000000000fffffff6", "P-10M"),
    ("0000000000000000ffffffff0000000c", "P1Y-1D"),
    ("00000000d693a400ffffffff00000000", "P-1DT1H"),
    ("ffffffff296c5c000000000100000000", "P1DT-1H"),
    ("000000000000000000000001ffffffff", "P-1M1D"),
    ("00000000d693a40000000001ffffffff", "P-1M1DT1H"),
    ("00000000d693a400ffffffffffffffff", "P-1M-1DT1H"),
    ("00000000d693a400ffffffff00000001", "P1M-1DT1H"),
    ("ffffffff296c5c00ffffffff00000001", "P1M-1DT-1H"),
    ("00000000d693a40000000000ffffffff", "P-1MT1H"),
    ("00000000000186a00000000000000001", "P1MT0.1S"),
    ("0000000000000000000000007fffffff", "P178956970Y7M"),
    ("00000000000000000000000080000001", "P-178956970Y-7M"),
    ("00000000000000007fffffff00000000", "P2147483647D"),
    ("00000000000000008000000000000000", "P-2147483648D"),
    ("7ffffffffff428000000000000000000", "PT2562047788H53.999616S"),
    ("7fffffffffffffff0000000000000000", "PT2562047788H54.775807S"),
    ("80000000000000010000000000000000", "PT-2562047788H-54.775807S"),
    ("00000000000000000000000080000000", "P-178956970Y-8M"),
    ("7ffffffffffffffe7fffffff7fffffff", "P178956970Y7M2147483647DT2562047788H54.775806S"),
    ("00000000000000000000000700000000", "P7D"),
    ("00000000000000000000000300000078", "P10Y3D"),
    ("0000000d693a40000000000b00000001", "P1M11DT16H"),
    ("0000000991f139f80000019a00000000", "P410DT11H25M3.211S"),
    ("00000000000000000000001200000320", "P66Y8M18D"),
    ("0000000000000001ffffffff00000000", "P-1DT0.000001S"),
    ("fffffffffc6c79000000000000000000", "PT-1M"),
    ("fffffffffc6af2600000000000000000", "PT-1M-0.1S"),
    ("00000000000f42400000000100000000", "P1DT1S"),
    ("00000000000000000000000200000001", "P1M2D"),
    ("00000000009896800000000000000078", "P10YT10S"),
    ("7fffffffffffffff7fffffff7fffffff", "infinity"),
    ("80000000000000008000000080000000", "-infinity"),
];

#[test]
fn every_interval_has_the_servers_iso_text() {
    for (hex, text) in ROWS {
        let mut out = String::new();
        assert_eq!(write_interval_iso(&unhex(hex), &mut out), Ok(()), "{hex}");
        assert_eq!(out, *text, "{hex}");
    }
}

#[test]
fn the_servers_default_style_is_read_back() {
    for (hex, _) in ROWS {
        let mut text = String::new();
        assert_eq!(crate::text::interval::postgres(&unhex(hex), &mut text), Ok(()), "{hex}");
        assert_eq!(parse_interval(&text).as_ref().map(<[u8; 16]>::as_slice), Some(unhex(hex).as_slice()), "{text}");
    }
    for text in
        ["", "1", "1 week", "P1D", "@ 1 day", "1 day ago", "1:2", "1 day 1:2:x", "1:2:3.1234567", "1-2", "--1:2:3"]
    {
        assert_eq!(parse_interval(text), None, "{text}");
    }
}

#[test]
fn other_bytes_are_no_interval() {
    for len in (0..40).filter(|&len| len != 16) {
        let mut out = String::from("before");
        assert_eq!(write_interval_iso(&vec![1; len], &mut out), Err(Malformed), "{len}");
        assert_eq!(out, "before");
    }
}
