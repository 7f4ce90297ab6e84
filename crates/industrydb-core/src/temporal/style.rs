//! How a time was written.

/// The spelling of a time or datetime beside its value, in four bytes: two values of one column that were written
/// alike have equal styles, whatever they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Style {
    pub(super) clock: Clock,
    pub(super) zone: Zone,
    /// Minutes east of UTC.
    pub(super) offset: i16,
}

/// What stands between date and time, and how far the time goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Clock(u8);

impl Clock {
    /// A date alone.
    pub(super) const NONE: Self = Self(0);
    /// `HH:MM`.
    pub(super) const MINUTES: Self = Self(1);
    const SECONDS: u8 = 2;
    const T: u8 = 0x10;

    /// `HH:MM:SS`, with so many digits of fraction.
    pub(super) const fn seconds(fraction_digits: u8) -> Self {
        Self(Self::SECONDS + fraction_digits)
    }

    /// The same after a `T` rather than a space.
    pub(super) const fn after_t(self, t: bool) -> Self {
        if t { Self(self.0 | Self::T) } else { self }
    }

    pub(super) const fn is_after_t(self) -> bool {
        self.0 & Self::T != 0
    }

    pub(super) const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Digits of fraction; `None` without seconds.
    pub(super) const fn fraction_digits(self) -> Option<u8> {
        (self.0 & (Self::T - 1)).checked_sub(Self::SECONDS)
    }
}

/// How an offset was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(super) enum Zone {
    /// Not at all.
    None,
    /// `Z`
    Z,
    /// `±HH:MM`
    Colon,
    /// `±HHMM`
    Compact,
    /// `±HH`
    Hours,
}

impl Style {
    pub(super) const fn naive(clock: Clock) -> Self {
        Self { clock, zone: Zone::None, offset: 0 }
    }

    /// `HH:MM:SS`, with six digits of fraction if there is one, and nine if six are too few.
    pub const fn for_time(nanos: i64) -> Self {
        Self::naive(Clock::seconds(digits_for(nanos)))
    }

    /// `YYYY-MM-DD HH:MM:SS`, with six digits of fraction if there is one.
    pub const fn for_datetime(micros: i64) -> Self {
        Self::naive(Clock::seconds(if micros % 1_000_000 == 0 { 0 } else { 6 }))
    }

    /// As [`Self::for_datetime`], with `+00:00`.
    pub const fn for_utc(micros: i64) -> Self {
        Self { zone: Zone::Colon, ..Self::for_datetime(micros) }
    }

    /// As [`Self::for_datetime`] or [`Self::for_utc`], for a value of which `nanos` of a second are left over.
    pub const fn for_nanos(nanos: u32, utc: bool) -> Self {
        let zone = if utc { Zone::Colon } else { Zone::None };
        Self { zone, ..Self::naive(Clock::seconds(digits_for(nanos as i64))) }
    }

    /// Minutes east of UTC that the text named, `Some(0)` for `Z`; `None` if it named no offset.
    pub const fn offset(self) -> Option<i16> {
        match self.zone {
            Zone::None => None,
            Zone::Z | Zone::Colon | Zone::Compact | Zone::Hours => Some(self.offset),
        }
    }

    /// Whether the text was a date without a time.
    pub const fn is_date(self) -> bool {
        self.clock.is_none()
    }
}

const fn digits_for(nanos: i64) -> u8 {
    if nanos % 1_000_000_000 == 0 {
        0
    } else if nanos % 1_000 == 0 {
        6
    } else {
        9
    }
}
