//! Dates in the form of the C library.

const SECONDS_A_DAY: i64 = 86_400;

/// The nine numbers of a `struct tm` and the seconds east of Greenwich, for seconds since 1970.
pub(super) fn utc(seconds: i64) -> [i32; 10] {
    let days = seconds.div_euclid(SECONDS_A_DAY);
    let rest = seconds.rem_euclid(SECONDS_A_DAY);
    let (mut year, mut year_day) = (1970, days);
    while year_day < 0 {
        year -= 1;
        year_day += year_length(year);
    }
    while year_day >= year_length(year) {
        year_day -= year_length(year);
        year += 1;
    }
    let lengths = [31, year_length(year) - 337, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let (mut month, mut day) = (0, year_day);
    for length in lengths {
        if day < length {
            break;
        }
        day -= length;
        month += 1;
    }
    let week_day = (days + 4).rem_euclid(7); // 1970 began on a Thursday
    let summer_time = 0;
    let east = 0;
    [
        rest % 60,
        rest / 60 % 60,
        rest / 3600,
        day + 1,
        month,
        year - 1900,
        week_day,
        year_day,
        summer_time,
        east,
    ]
    .map(|field| i32::try_from(field).unwrap_or(i32::MAX))
}

fn year_length(year: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if is_leap { 366 } else { 365 }
}

#[cfg(test)]
mod tests {
    use super::utc;

    #[test]
    fn dates_before_and_after_1970() {
        assert_eq!(utc(0), [0, 0, 0, 1, 0, 70, 4, 0, 0, 0]);
        assert_eq!(utc(-1), [59, 59, 23, 31, 11, 69, 3, 364, 0, 0]);
        // 29 February 2024, 12:34:56, and 31 December 2000.
        assert_eq!(utc(1_709_210_096), [56, 34, 12, 29, 1, 124, 4, 59, 0, 0]);
        assert_eq!(utc(978_220_800), [0, 0, 0, 31, 11, 100, 0, 365, 0, 0]);
    }
}
