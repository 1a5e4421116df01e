"""The shells of the pages: the Jinja2 environment, and what it lends to the templates.

Templates get ``asset('chat.js')`` (the address of a built file), ``_('chat.send', n=3)`` (the sentence in the page's
``lang``) and the filter ``boot_json``. Templates are ours alone: nothing that a user wrote is ever one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp_jinja2
import jinja2
from aiohttp import web
from markupsafe import Markup

from app.pages.catalogue import LANGUAGES, Catalogue

ASSET_ROUTE = "/assets/{name}"
"""Where :meth:`Assets.serve` belongs. Open to everybody: it holds nothing but what was built."""

_HASHED = re.compile(r"[a-z]+-[A-Z0-9]{8}\.(?:js|css)")
# Facts of the context that scripts read too, so that a handler gives them once.
_TOLD = ("me", "case_id", "notice_version")
_FOR_A_YEAR = "public, max-age=31536000, immutable"
# A script element ends at "</", a comment in it starts at "<!--": neither may come from data.
_ESCAPES = {
    ord("<"): "\\u003c",
    ord(">"): "\\u003e",
    ord("&"): "\\u0026",
    0x2028: "\\u2028",
    0x2029: "\\u2029",
}


class NotBuilt(RuntimeError):
    """The browser code has not been built: ``web/dist`` is missing or incomplete."""


@dataclass(frozen=True, slots=True)
class Assets:
    """The built files: by logical name their hashed one, and for each script the catalogue keys that it names."""

    folder: Path
    manifest: Mapping[str, str]
    keys: Mapping[str, Sequence[str]]

    def address(self, logical: str) -> str:
        """The path of a built file, for instance ``/assets/chat-3F2A9C1B.js`` for ``chat.js``."""
        return ASSET_ROUTE.format(name=self.manifest[logical])

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one built file for good: its name changes with its content. 404 for any other name."""
        name = request.match_info["name"]
        if not _HASHED.fullmatch(name) or name not in self.manifest.values():
            raise web.HTTPNotFound
        # aiohttp sends the .gz beside it to whoever takes one.
        headers = {"Cache-Control": _FOR_A_YEAR}
        if name == self.manifest.get("worker.js"):
            # It keeps the chat page for outages; without this it could keep nothing outside /assets/.
            headers["Service-Worker-Allowed"] = "/chat"
        return web.FileResponse(self.folder / name, headers=headers)


def read_assets(dist: Path) -> Assets:
    """Read what the build left in ``dist``; raises :class:`NotBuilt` when it is not all there."""
    try:
        manifest = json.loads((dist / "manifest.json").read_text("utf-8"))
        keys = json.loads((dist / "keys.json").read_text("utf-8"))
    except FileNotFoundError as missing:
        raise NotBuilt(
            f"{missing.filename} is missing: build the pages with npm run build in web/"
        ) from missing
    return Assets(dist, manifest, keys)


def install(
    app: web.Application, catalogue: Catalogue, assets: Assets, templates: Path
) -> jinja2.Environment:
    """Give ``app`` its templates. A handler then answers with ``aiohttp_jinja2.render_template``.

    Every context needs ``lang``; see ``web/README.md`` for what each page needs besides.
    """

    @jinja2.pass_context
    def say(context: jinja2.runtime.Context, key: str, **facts: object) -> str:
        return catalogue.say(context.get("lang", LANGUAGES[0]), key, **facts)

    @jinja2.pass_context
    def boot_json(context: jinja2.runtime.Context, boot: Mapping[str, Any], script: str) -> Markup:
        lang = context.get("lang", LANGUAGES[0])
        told = {name: context[name] for name in _TOLD if context.get(name)}
        return as_json({**told, **boot, "lang": lang, "words": catalogue.only(lang, assets.keys[script])})

    environment = aiohttp_jinja2.setup(
        app, loader=jinja2.FileSystemLoader(templates), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.update(asset=assets.address, _=say)
    environment.filters["boot_json"] = boot_json
    return environment


def as_json(value: Any) -> Markup:
    """``value`` as JSON that cannot end the script element it stands in, nor start another."""
    return Markup(json.dumps(value, ensure_ascii=False).translate(_ESCAPES))  # noqa: S704 - escaped just here
