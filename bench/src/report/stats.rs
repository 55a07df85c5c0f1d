//! Medians and their uncertainty.

use rand::{Rng, SeedableRng, rngs::StdRng};

/// A median with the bounds of its 95 % interval.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Estimate {
    pub median: f64,
    pub low: f64,
    pub high: f64,
}

/// The median; not a number for no values.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// The median of the ratios of pairs, with the interval of 2,000 resamplings.
pub fn paired_ratio(values: &[f64], of: &[f64]) -> Estimate {
    let ratios: Vec<f64> = values.iter().zip(of).map(|(a, b)| a / b).collect();
    let mut random = StdRng::seed_from_u64(1);
    let mut medians: Vec<f64> = (0..2000)
        .map(|_| {
            let sample: Vec<f64> =
                (0..ratios.len()).map(|_| ratios[random.random_range(0..ratios.len())]).collect();
            median(&sample)
        })
        .collect();
    medians.sort_by(f64::total_cmp);
    Estimate { median: median(&ratios), low: medians[50], high: medians[1949] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_those_of_pairs() {
        let estimate = paired_ratio(&[2.0, 40.0, 6.0, 8.0], &[1.0, 10.0, 3.0, 4.0]);
        assert!((estimate.median - 2.0).abs() < 1e-9);
        assert!(estimate.low >= 2.0 && estimate.high <= 4.0, "{estimate:?}");
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
    }
}
