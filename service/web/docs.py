"""``/docs``: the description of the doors as one page that needs no other server."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from service.web import openapi

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lasegue: doors</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
         color: #1b1b1b; background: #fff; }
  details { border: 1px solid #bbb; border-radius: .4rem; margin: .5rem 0; padding: .4rem .8rem; }
  summary { cursor: pointer; }
  code, textarea { font: 14px/1.4 ui-monospace, monospace; }
  .verb { display: inline-block; min-width: 4.5rem; font-weight: 700; color: #14457a; }
  table { border-collapse: collapse; width: 100%; }
  td, th { text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0; }
  textarea { width: 100%; min-height: 8rem; box-sizing: border-box; }
  pre { background: #f3f3f3; padding: .6rem; overflow: auto; max-height: 30rem; }
</style>
<h1>Lasegue</h1>
<p id="about">Reading <a href="openapi.json">openapi.json</a>&hellip;</p>
<main id="doors"></main>
<script>
"use strict";
const make = (name, text, ...children) => {
  const node = document.createElement(name);
  if (text) node.textContent = text;
  node.append(...children);
  return node;
};
const table = (head, rows) => make("table", "", make("tr", "", ...head.map(h => make("th", h))),
  ...rows.map(row => make("tr", "", ...row.map(cell => make("td", cell)))));
const tryIt = (path, verb) => {
  const address = make("input"); address.value = path; address.size = 60;
  const body = make("textarea"); body.placeholder = "Body (JSON)";
  const token = make("input"); token.placeholder = "Bearer token, if any"; token.type = "password";
  const shown = make("pre"); shown.hidden = true;
  const button = make("button", "Send");
  button.onclick = async () => {
    const headers = {};
    if (body.value) headers["Content-Type"] = "application/fhir+json";
    if (token.value) headers["Authorization"] = "Bearer " + token.value;
    const options = { method: verb.toUpperCase(), headers };
    if (body.value && verb !== "get") options.body = body.value;
    const answer = await fetch(address.value, options);
    const text = await answer.text();
    let pretty = text;
    try { pretty = JSON.stringify(JSON.parse(text), null, 2); } catch { /* not JSON: as it is */ }
    shown.hidden = false;
    shown.textContent = answer.status + " " + answer.statusText + "\\n\\n" + pretty;
  };
  const parts = [make("p", "", address, " ", token, " ", button)];
  if (verb !== "get") parts.push(body);
  return make("section", "", make("h4", "Try it"), ...parts, shown);
};
const door = (path, verb, operation, common) => {
  const summary = make("summary", "", make("span", verb.toUpperCase()), make("code", path),
    " \\u2014 " + (operation.summary || ""));
  summary.firstChild.className = "verb";
  const parts = [summary];
  if (operation.description) parts.push(make("p", operation.description));
  const parameters = [...common, ...(operation.parameters || [])];
  if (parameters.length) parts.push(table(["Parameter", "In", "What it is"],
    parameters.map(p => [p.name, p.in, p.description || ""])));
  if (operation.requestBody) parts.push(make("p", "Body: " + operation.requestBody.description + " (" +
    Object.keys(operation.requestBody.content).join(", ") + ")"));
  parts.push(table(["Status", "Meaning", "Type"], Object.entries(operation.responses || {}).map(
    ([status, r]) => [status, r.description || "", Object.keys(r.content || {}).join(", ")])));
  parts.push(tryIt(path, verb));
  return make("details", "", ...parts);
};
fetch("openapi.json").then(r => r.json()).then(spec => {
  const about = document.getElementById("about");
  about.textContent = (spec.info.description || "") + " Version " + spec.info.version + ". ";
  const link = make("a", "openapi.json"); link.href = "openapi.json"; about.append(link);
  const doors = document.getElementById("doors");
  for (const tag of spec.tags || []) {
    doors.append(make("h2", tag.name), make("p", tag.description || ""));
    for (const [path, item] of Object.entries(spec.paths))
      for (const [verb, operation] of Object.entries(item))
        if (verb !== "parameters" && (operation.tags || []).includes(tag.name))
          doors.append(door(path, verb, operation, item.parameters || []));
  }
}).catch(error => { document.getElementById("about").textContent = "Not readable: " + error; });
</script>
"""
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'"
)


def blueprint() -> Any:
    """The door for people who want to see the doors."""
    made = Blueprint("documentation", __name__, description="This page")

    def docs() -> Response:
        """Show every door, what it takes and what it answers, and try it."""
        return Response(PAGE, mimetype="text/html", headers={"Content-Security-Policy": _POLICY})

    openapi.route(made, "/docs", docs, ["GET"], openapi.answer("The page", "text/html"))
    return made
