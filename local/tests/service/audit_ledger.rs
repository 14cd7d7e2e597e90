//! audit_ledger, every day at 04:17
