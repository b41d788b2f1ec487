"""The table of trials: its columns, and the guards that refuse to change a row."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

TABLES = sa.MetaData()
TRIALS = sa.Table(
    "trials",
    TABLES,
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("machine", sa.String(64), nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("trial_set_id", sa.String(64), nullable=False),
    sa.Column("symbol", sa.String(64), nullable=False),
    sa.Column("timeframe", sa.String(16), nullable=False),
    sa.Column("first_session", sa.Integer, nullable=False),
    sa.Column("last_session", sa.Integer, nullable=False),
    sa.Column("strategy", sa.String(128), nullable=False),
    sa.Column("params_json", sa.Text, nullable=False),
    sa.Column("stacks_json", sa.Text, nullable=False),
    sa.Column("n_cells", sa.Integer, nullable=False),
    sa.Column("sides", sa.String(16), nullable=False),
    sa.Column("code_version", sa.String(128), nullable=False),
    sa.Column("run_id", sa.String(128), nullable=False),
    sa.Column("at_ns", sa.BigInteger, nullable=False),
    sa.Column("previous_hash", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
    # Per machine and not over all: a union of two ledgers must keep both chains whole.
    sa.UniqueConstraint("machine", "position"),
    sa.UniqueConstraint("machine", "trial_set_id"),
    sa.Index("trials_by_symbol", "symbol", "strategy"),
)
# What the hash of a row covers: all but its number in this database, and the hash.
CHAINED = tuple(c.name for c in TRIALS.columns if c.name not in ("seq", "hash"))

_REFUSAL = "BEGIN SELECT RAISE(ABORT, 'the trial ledger is append-only'); END"
SQLITE_GUARDS = (
    f"CREATE TRIGGER IF NOT EXISTS trials_refuse_update BEFORE UPDATE ON trials {_REFUSAL}",
    f"CREATE TRIGGER IF NOT EXISTS trials_refuse_delete BEFORE DELETE ON trials {_REFUSAL}",
    # INSERT OR REPLACE from another program deletes a row without asking the trigger above.
    "CREATE TRIGGER IF NOT EXISTS trials_refuse_replace BEFORE INSERT ON trials WHEN EXISTS ("
    "SELECT 1 FROM trials WHERE seq = NEW.seq OR machine = NEW.machine "
    f"AND (position = NEW.position OR trial_set_id = NEW.trial_set_id)) {_REFUSAL}",
)
_POSTGRESQL_GUARDS = (
    "CREATE OR REPLACE FUNCTION trials_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the trial ledger is append-only'; END $$",
    # An upsert asks the UPDATE trigger; TRUNCATE asks only one of its own.
    "CREATE TRIGGER trials_refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON trials "
    "FOR EACH STATEMENT EXECUTE FUNCTION trials_refuse()",
    # Also for a replica session, in which plain triggers are silent.
    "ALTER TABLE trials ENABLE ALWAYS TRIGGER trials_refuse_change",
)


@sa.event.listens_for(TRIALS, "after_create")
def _guard_postgresql(target: sa.Table, connection: Connection, **_: Any) -> None:
    # Once, with the table: a role that may only append can neither make nor mend triggers.
    for guard in _POSTGRESQL_GUARDS if connection.dialect.name == "postgresql" else ():
        connection.exec_driver_sql(guard)
