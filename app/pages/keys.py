"""What the application carries for its pages."""

from aiohttp import web

from app.pages.catalogue import Catalogue

CATALOGUE = web.AppKey("catalogue", Catalogue)
