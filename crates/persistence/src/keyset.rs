//! Pages of a list: where one ends, the next begins, by the instant and the identifier of the last row. Both are compared
//! at once, so that an index leads to the place however far from the newest it is.

use crate::sql_types::{DbUuid, Id};
use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, Bool, HasSqlType};
use uuid::Uuid;

/// A place in a list: rows strictly after it, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct After {
    /// The instant of the last row seen, microseconds since 1970.
    pub at: i64,
    /// Its identifier.
    pub id: Uuid,
}

impl After {
    /// Before everything that a list shows.
    pub const NEWEST: Self = Self { at: i64::MAX, id: Uuid::max() };
}

/// What comes after a place in a list that these two columns order, newest first.
pub(crate) fn further<A, I>(at: A, id: I, after: Option<After>) -> Further<A, I> {
    let After { at: last_at, id: last_id } = after.unwrap_or(After::NEWEST);
    Further { at, id, last_at, last_id: Id(last_id) }
}

/// `(at, id) < (?, ?)`
#[derive(Clone, Copy, Debug, QueryId)]
pub(crate) struct Further<A, I> {
    at: A,
    id: I,
    last_at: i64,
    last_id: Id,
}

impl<A, I> Expression for Further<A, I> {
    type SqlType = Bool;
}

impl<A, I, G> ValidGrouping<G> for Further<A, I> {
    type IsAggregate = diesel::expression::is_aggregate::No;
}

impl<A: AppearsOnTable<T>, I: AppearsOnTable<T>, T> AppearsOnTable<T> for Further<A, I> {}
impl<A: SelectableExpression<T>, I: SelectableExpression<T>, T> SelectableExpression<T> for Further<A, I> {}

impl<A, I, DB> QueryFragment<DB> for Further<A, I>
where
    A: QueryFragment<DB>,
    I: QueryFragment<DB>,
    DB: Backend + HasSqlType<BigInt> + HasSqlType<DbUuid>,
    i64: ToSql<BigInt, DB>,
    Id: ToSql<DbUuid, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("((");
        self.at.walk_ast(out.reborrow())?;
        out.push_sql(", ");
        self.id.walk_ast(out.reborrow())?;
        out.push_sql(") < (");
        out.push_bind_param::<BigInt, _>(&self.last_at)?;
        out.push_sql(", ");
        out.push_bind_param::<DbUuid, _>(&self.last_id)?;
        out.push_sql("))");
        Ok(())
    }
}
