"""Answers in Genesys's words: JSON, its error bodies, the XML of the file hosts, the login page."""

from __future__ import annotations

import uuid
from typing import Any

import orjson
from aiohttp import web

LOGIN_PAGE = (
    "<!DOCTYPE html><html><head><title>Genesys Cloud</title></head>"
    "<body><form method='post'><input name='username'><input name='password' type='password'></form></body></html>"
)


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, headers=headers, content_type="application/json")


def error(status: int, code: str, message: str, headers: dict[str, str] | None = None, **more: Any) -> web.Response:
    body = {
        "message": message,
        "code": code,
        "status": status,
        "messageParams": {},
        "contextId": str(uuid.uuid4()),
        "details": [],
        "errors": [],
    }
    return answer(body | more, status, headers)


def not_found() -> web.Response:
    return error(404, "not.found", "The requested resource was not found.")


def bad_request(message: str) -> web.Response:
    return error(400, "bad.request", message)


def not_authorized() -> web.Response:
    return error(403, "not.authorized", "You are not authorized to perform the requested action.")


def unavailable(status: int = 503) -> web.Response:
    codes = {500: "internal.server.error", 503: "service.unavailable", 504: "request.timeout"}
    return error(status, codes.get(status, "internal.server.error"), "The service is not available.")


def unauthenticated(code: str) -> web.Response:
    messages = {
        "authentication.required": "No authentication bearer token specified in authorization header.",
        "bad.credentials": "Invalid login credentials.",
        "credentials.expired": "The supplied credentials are expired and cannot be used.",
    }
    return error(401, code, messages[code])


def missing_permission(any_of: tuple[str, ...]) -> web.Response:
    message = (
        "Unable to perform the requested action. You must have at least one of the following permissions assigned: "
        f"[{', '.join(any_of)}]"
    )
    return error(403, "missing.any.permissions", message)


def too_many(limit: int, retry_after_s: int) -> web.Response:
    named = {"namespace": "platform.api", "key": "client.credentials.token.rate.per.minute", "value": limit}
    message = f"Rate limit exceeded the maximum [{limit}] requests within [60] seconds"
    return error(429, "too.many.requests", message, {"Retry-After": str(retry_after_s)}, limit=named)


def login_refused(description: str) -> web.Response:
    """The login host has a shape of its own."""
    body = {"error": "invalid_client", "description": description, "error_description": description}
    return answer(body, 401)


def login_page() -> web.Response:
    return web.Response(text=LOGIN_PAGE, content_type="text/html")


def access_denied(message: str, status: int = 403) -> web.Response:
    xml = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>{message}</Message></Error>'
    return web.Response(text=xml, status=status, content_type="application/xml")


def guest_link_expired() -> web.Response:
    return error(404, "resource.not.found", "The requested resource was not found.")
