"""What Alembic runs: the migrations, on the connection and in the transaction that ``data/migrate.py`` opened.

There is no other way in: no ini file of a machine, no URL of its own, so a migration cannot meet the wrong
database. Encrypted columns and moments are written into revisions as the plain types that the database sees, so
that a revision goes on meaning the same when our types change.
"""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlmodel import AutoString

from data.crypto import EncryptedJSON, EncryptedText
from data.tables import Moment, metadata


def plain_type(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """The database's own type for a column of ours; ``False`` leaves the rest to Alembic."""
    if kind != "type":
        return False
    if isinstance(item, (EncryptedText, EncryptedJSON)):
        return "sa.LargeBinary()"
    if isinstance(item, Moment):
        return "sa.BigInteger()"
    if isinstance(item, AutoString):
        return f"sa.String({item.length})" if item.length else "sa.String()"
    return False


connection: sa.Connection | None = context.config.attributes.get("connection")
if connection is None:
    raise RuntimeError("migrations run through data.migrate, which brings the connection")

context.configure(
    connection=connection,
    target_metadata=metadata,
    render_item=plain_type,
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
