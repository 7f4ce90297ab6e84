//! Addresses: `inet`, `cidr`, `macaddr`, `macaddr8`. (PostgreSQL source: `network.c`, `inet_net_ntop.c`, `mac.c`.)

use super::Malformed;
use super::ascii::{Ascii, LOWER};

/// PostgreSQL's own numbers of the address families, the same on every platform (`utils/inet.h`).
const IPV4: u8 = 2;
const IPV6: u8 = 3;

/// When the length of the network is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mask {
    /// Always: `cidr`, and `inet` cast to text.
    Always,
    /// Unless the network is a single host: `inet` in an array or row.
    UnlessHost,
}

/// Appends an address: its family, the bits of its network, whether it is a `cidr`, how many bytes follow, and these.
pub(super) fn inet(bytes: &[u8], mask: Mask, out: &mut String) -> Result<(), Malformed> {
    let (&[family, bits, is_cidr, len], address) = bytes.split_first_chunk().ok_or(Malformed)?;
    if is_cidr > 1 || usize::from(len) != address.len() || usize::from(bits) > 8 * address.len() {
        return Err(Malformed);
    }
    let mut line = Ascii::new(out);
    match family {
        IPV4 => ipv4(address.try_into().map_err(|_| Malformed)?, &mut line),
        IPV6 => ipv6(address.try_into().map_err(|_| Malformed)?, &mut line),
        _ => return Err(Malformed),
    }
    if mask == Mask::Always || usize::from(bits) < 8 * address.len() {
        line.push(b'/');
        line.number(bits.into(), 1);
    }
    line.finish();
    Ok(())
}

fn ipv4(address: [u8; 4], line: &mut Ascii<'_>) {
    for (at, byte) in address.into_iter().enumerate() {
        if at > 0 {
            line.push(b'.');
        }
        line.number(byte.into(), 1);
    }
}

fn ipv6(address: [u8; 16], line: &mut Ascii<'_>) {
    let (pairs, _) = address.as_chunks::<2>();
    let mut words = [0; 8];
    for (word, pair) in words.iter_mut().zip(pairs) {
        *word = u16::from_be_bytes(*pair);
    }
    let (start, len) = longest_zeros(words);
    // Addresses that stand for one of IPv4 end in it: ::1.2.3.4 and ::ffff:1.2.3.4.
    let embeds_ipv4 = start == 0 && (len == 6 || (len == 5 && words[5] == 0xffff));
    let mut at = 0;
    while at < 8 {
        if len > 0 && at == start {
            line.push_str(if at + len == 8 { "::" } else { ":" });
            at += len;
            continue;
        }
        if at > 0 {
            line.push(b':');
        }
        if at == 6 && embeds_ipv4 {
            let [.., a, b, c, d] = address;
            return ipv4([a, b, c, d], line);
        }
        hex(words[at], line);
        at += 1;
    }
}

/// Where the longest run of zeros starts, and how long it is, at least 2; the first of several. (0, 0) for none.
fn longest_zeros(words: [u16; 8]) -> (usize, usize) {
    let (mut best, mut run) = ((0, 0), 0);
    for (at, word) in words.into_iter().enumerate() {
        run = if word == 0 { run + 1 } else { 0 };
        if run > best.1 {
            best = (at + 1 - run, run);
        }
    }
    if best.1 < 2 { (0, 0) } else { best }
}

/// A word without the zeros in front.
fn hex(word: u16, line: &mut Ascii<'_>) {
    for shift in [12, 8, 4, 0] {
        if shift == 0 || word >> shift != 0 {
            line.push(LOWER[usize::from(word >> shift & 15)]);
        }
    }
}

/// Appends `08:00:2b:01:02:03`.
pub(super) fn macaddr<const N: usize>(bytes: [u8; N], out: &mut String) {
    let mut line = Ascii::new(out);
    for (at, byte) in bytes.into_iter().enumerate() {
        if at > 0 {
            line.push(b':');
        }
        line.hex(byte, LOWER);
    }
    line.finish();
}
