//! `bytea`, `uuid` and bit strings, as PostgreSQL 15, 16 and 18 give them.

use super::Rows;

pub(super) const ROWS: Rows = &[
    (
        "bytea",
        &[
            ("", "\\x"),
            ("00", "\\x00"),
            ("deadbeef", "\\xdeadbeef"),
            ("0123456789abcdef", "\\x0123456789abcdef"),
            (
                "abababababababababababababababababababababababababababababababababababababababab",
                "\\xabababababababababababababababababababababababababababababababababababababababab",
            ),
            (
                "00ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff10",
                "\\x00ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff1000ff10",
            ),
            ("616263", "\\x616263"),
        ],
    ),
    (
        "uuid",
        &[
            ("00000000000000000000000000000000", "00000000-0000-0000-0000-000000000000"),
            ("ffffffffffffffffffffffffffffffff", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
            ("a0eebc999c0b4ef8bb6d6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
            ("a0eebc999c0b4ef8bb6d6bb9bd380a12", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12"),
            ("0123456789abcdef0123456789abcdef", "01234567-89ab-cdef-0123-456789abcdef"),
        ],
    ),
    ("bit(1)", &[("0000000100", "0"), ("0000000180", "1")]),
    ("bit(8)", &[("00000008b3", "10110011")]),
    ("bit(9)", &[("00000009b380", "101100111")]),
    ("bit(3)", &[("00000003a0", "101")]),
    (
        "bit varying",
        &[
            ("00000000", ""),
            ("0000000180", "1"),
            ("0000000100", "0"),
            ("0000000240", "01"),
            ("00000004f0", "1111"),
            ("0000000800", "00000000"),
            ("00000009ff80", "111111111"),
            (
                "00000050aaaaaaaaaaaaaaaaaaaa",
                "10101010101010101010101010101010101010101010101010101010101010101010101010101010",
            ),
            (
                "00000063db6db6db6db6db6db6db6db6c0",
                "110110110110110110110110110110110110110110110110110110110110110110110110110110110110110110110110110",
            ),
            ("00000010aaaa", "1010101010101010"),
            ("00000011800080", "10000000000000001"),
        ],
    ),
];
