//! Schedule expressions: `cron(…)` and `rate(…)`, to the minute, in UTC.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// When a schedule fires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Every so many minutes, counted from the epoch.
    Rate(i64),
    /// In every minute whose fields are all named.
    Cron {
        /// Minutes of the hour.
        minutes: BTreeSet<i16>,
        /// Hours of the day.
        hours: BTreeSet<i16>,
        /// Days of the month.
        days: BTreeSet<i16>,
        /// Months of the year.
        months: BTreeSet<i16>,
        /// Days of the week, Sunday is 1.
        weekdays: BTreeSet<i16>,
    },
}

impl Schedule {
    /// Reads an expression. Years are ignored: the local stack is not run for that long.
    #[must_use]
    pub fn parse(expression: &str) -> Option<Self> {
        let (kind, rest) = expression.trim().split_once('(')?;
        let fields: Vec<&str> = rest.strip_suffix(')')?.split_whitespace().collect();
        match (kind, fields.as_slice()) {
            ("rate", [value, unit]) => {
                let minutes = match unit.trim_end_matches('s') {
                    "minute" => 1,
                    "hour" => 60,
                    "day" => 60 * 24,
                    _ => return None,
                };
                value.parse::<i64>().ok().filter(|value| *value > 0).map(|value| Self::Rate(value * minutes))
            }
            ("cron", [minutes, hours, days, months, weekdays, _year]) => Some(Self::Cron {
                minutes: parse_field(minutes, 0, 59)?,
                hours: parse_field(hours, 0, 23)?,
                days: parse_field(days, 1, 31)?,
                months: parse_field(months, 1, 12)?,
                weekdays: parse_field(weekdays, 1, 7)?,
            }),
            _ => None,
        }
    }

    /// Whether it fires in the minute that `time` lies in.
    #[must_use]
    pub fn fires_in_minute_of(&self, time: Timestamp) -> bool {
        match self {
            Self::Rate(every) => time.as_second().div_euclid(60).rem_euclid(*every) == 0,
            Self::Cron { minutes, hours, days, months, weekdays } => {
                let time = time.to_zoned_datetime(TimeZone::UTC);
                minutes.contains(&time.minute().into())
                    && hours.contains(&time.hour().into())
                    && days.contains(&time.day().into())
                    && months.contains(&time.month().into())
                    && weekdays.contains(&time.weekday().to_sunday_one_offset().into())
            }
        }
    }
}

fn parse_field(text: &str, first: i16, last: i16) -> Option<BTreeSet<i16>> {
    let mut values = BTreeSet::new();
    for part in text.split(',') {
        let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
        let every = step.map_or(Some(1), |step| step.parse::<usize>().ok().filter(|step| *step > 0))?;
        let (from, to) = match range.split_once('-') {
            _ if range == "*" || range == "?" => (first, last),
            Some((from, to)) => (from.parse().ok()?, to.parse().ok()?),
            None => {
                let from = range.parse().ok()?;
                (from, if step.is_some() { last } else { from })
            }
        };
        if from < first || to > last {
            return None;
        }
        values.extend((from..=to).step_by(every));
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fires(expression: &str, time: &str) -> bool {
        Schedule::parse(expression).unwrap().fires_in_minute_of(time.parse().unwrap())
    }

    #[test]
    fn every_minute_is_every_minute() {
        assert!(fires("cron(* * * * ? *)", "2026-03-01T10:00:00Z"));
        assert!(fires("cron(* * * * ? *)", "2026-03-01T10:01:59Z"));
    }

    #[test]
    fn fields_narrow_it_down() {
        assert!(fires("cron(0/10 8-9 ? * 1,7 *)", "2026-03-01T08:20:00Z"));
        assert!(!fires("cron(0/10 8-9 ? * 1,7 *)", "2026-03-01T08:25:00Z"));
        assert!(!fires("cron(0/10 8-9 ? * 1,7 *)", "2026-03-02T08:20:00Z"));
        assert!(fires("rate(10 minutes)", "2026-03-01T08:20:30Z"));
        assert!(!fires("rate(10 minutes)", "2026-03-01T08:21:00Z"));
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for wrong in
            ["", "cron(* * *)", "cron(60 * * * ? *)", "rate(0 minutes)", "rate(1 year)", "at(2026-01-01T00:00:00)"]
        {
            assert_eq!(Schedule::parse(wrong), None, "{wrong}");
        }
    }
}
