//! Coupons.

pub mod coupon;
