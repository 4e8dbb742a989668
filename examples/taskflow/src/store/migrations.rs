//! How tables are brought up to date, whatever the database.

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// The migrations with these names, in order. What an older program doesn't know is left alone, so that it can run beside
/// a newer one.
pub(super) fn migrator(all: &[(&'static str, &'static str)]) -> Migrator {
    let migrations = (1..).zip(all).map(|(version, (name, sql))| {
        let (name, sql) = ((*name).into(), sql.into_sql_str());
        Migration::new(version, name, MigrationType::Simple, sql, false)
    });
    let mut migrator = Migrator::with_migrations(migrations.collect());
    migrator.set_ignore_missing(true);
    migrator
}
