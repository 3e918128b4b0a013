"""A server of W&B's on this machine, as far as an upload asks: it answers wandb's own questions and keeps what it got.

The questions are those of wandb 0.31 (GraphQL over HTTP, files by PUT); W&B publishes no description of them. What it
does not know it says, and keeps the name in ``unknown``: a test looks that there was none.
"""

from __future__ import annotations

import gzip
import hashlib
import http.server
import json
import re
import sys
import threading
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

ENTITY, KEY = "somebody", "0" * 40


@dataclass
class UploadedRun:
    """What was uploaded of a run: its settings as `upsertBucket` last had them, steps, summary, exit code, files."""

    about: dict[str, Any] = field(default_factory=dict)
    history: dict[int, dict[str, Any]] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    exits: list[int] = field(default_factory=list)


@dataclass
class UploadedArtifact:
    """An artefact: kind, digest, manifest, the contents of its files by their digests, whether it is whole."""

    name: str
    kind: str
    made_by: str
    digest: str
    manifest: dict[str, Any] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    committed: bool = False


@dataclass
class Server:
    """All that was uploaded, and who used what: (run, name of the artefact)."""

    url: str = ""
    runs: defaultdict[str, UploadedRun] = field(default_factory=lambda: defaultdict(UploadedRun))
    artifacts: dict[str, UploadedArtifact] = field(default_factory=dict)
    used: list[tuple[str, str]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def find_artifact(self, name: str) -> UploadedArtifact:
        """The one artefact of that name."""
        (found,) = [artifact for artifact in self.artifacts.values() if artifact.name == name]
        return found

    def answer(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a question by its name."""
        named = re.search(r"(?:query|mutation)\s+(\w+)", query)
        name = named[1] if named else query[:60]
        self.asked.append(name)
        if name not in ANSWERS:
            self.unknown.append(name)
            return {}
        return ANSWERS[name](self, variables)

    def upsert(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        run = self.runs[asked["name"]]
        inserted = not run.about
        run.about |= {key: value for key, value in asked.items() if value is not None}
        return {"upsertBucket": {"inserted": inserted, "bucket": self.describe_run(asked["name"])}}

    def describe_run(self, name: str) -> dict[str, Any]:
        about = self.runs[name].about
        return {
            "id": name, "name": name, "displayName": about.get("displayName") or name, "description": None,
            "config": about.get("config"), "sweepName": None, "historyLineCount": len(self.runs[name].history),
            "project": {"id": "p", "name": about["project"], "entity": {"id": "e", "name": ENTITY}},
        }  # fmt: skip

    def resume(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """What is known of a run that may go on."""
        model = {"id": "p", "name": asked["project"], "entity": {"id": "e", "name": ENTITY}}
        if asked["name"] not in self.runs:
            return {"model": {**model, "bucket": None}}
        run = self.runs[asked["name"]]
        last = json.dumps([json.dumps(run.history[max(run.history)])] if run.history else [])
        bucket = {
            **self.describe_run(asked["name"]), "summaryMetrics": json.dumps(run.summary), "logLineCount": 0,
            "eventsLineCount": 0, "historyTail": last, "eventsTail": "[]", "tags": run.about.get("tags") or [],
            "notes": None, "wandbConfig": json.dumps({"t": 1}),
        }  # fmt: skip
        return {"model": {**model, "bucket": bucket}}

    def create_artifact(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Make an artefact, or find the one of the same name and content."""
        own = asked["input"]
        name = (own.get("artifactCollectionNames") or [own.get("artifactCollectionName")])[0]
        key = hashlib.sha256(f"{name}{own['digest']}".encode()).hexdigest()[:16]
        if key not in self.artifacts:
            self.artifacts[key] = UploadedArtifact(name, own["artifactTypeName"], own["runName"], own["digest"])
        state = "COMMITTED" if self.artifacts[key].committed else "PENDING"
        artifact = {"id": key, "state": state, "artifactSequence": {"latestArtifact": None}}
        return {"createArtifact": {"artifact": artifact}}

    def create_manifest(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        file = {"id": "f", "uploadUrl": f"{self.url}/put/manifest/{asked['artifactID']}", "uploadHeaders": []}
        return {"createArtifactManifest": {"artifactManifest": {"id": asked["artifactID"], "file": file}}}

    def update_manifest(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        key = asked["artifactManifestID"]
        file = {"id": "f", "uploadUrl": f"{self.url}/put/manifest/{key}", "uploadHeaders": []}
        return {"updateArtifactManifest": {"artifactManifest": {"id": key, "file": file}}}

    def create_files(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Tell where the files of an artefact go."""
        edges = []
        for at, spec in enumerate(asked["input"]["artifactFiles"]):
            key = spec["artifactID"]
            node = {
                "storagePath": f"store/{key}/{at}", "uploadHeaders": [], "uploadMultipartUrls": None,
                "uploadUrl": f"{self.url}/put/content/{key}?{spec['name']}", "artifact": {"id": key},
            }  # fmt: skip
            edges.append({"node": node})
        return {"createArtifactFiles": {"files": {"edges": edges}}}

    def commit(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        artifact = self.artifacts[asked["artifactID"]]
        artifact.committed = True
        return {"commitArtifact": {"artifact": {"id": asked["artifactID"], "digest": artifact.digest}}}

    def use(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        own = asked["input"]
        self.used.append((own["runName"], self.artifacts[own["artifactID"]].name))
        return {"useArtifact": {"artifact": {"id": own["artifactID"]}}}

    def create_run_files(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        files = [{"name": name, "uploadUrl": f"{self.url}/put/run/{asked['run']}?{name}"} for name in asked["files"]]
        return {"createRunFiles": {"runID": asked["run"], "uploadHeaders": [], "files": files}}

    def take_stream(self, run: str, told: Mapping[str, Any]) -> None:
        """Take steps, summary and the end of a run."""
        for name, part in (told.get("files") or {}).items():
            for at, line in enumerate(part["content"], part.get("offset", 0)):
                if name == "wandb-history.jsonl":
                    self.runs[run].history[at] = json.loads(line)
                elif name == "wandb-summary.json":
                    self.runs[run].summary = json.loads(line)
        if told.get("complete"):
            self.runs[run].exits.append(told["exitcode"])

    def take_file(self, kind: str, key: str, name: str, content: bytes) -> None:
        if kind == "run":
            self.runs[key].files[name] = content
        elif kind == "manifest":
            self.artifacts[key].manifest = json.loads(content)
        else:
            self.artifacts[key].contents[name] = content


ANSWERS: dict[str, Callable[[Server, Mapping[str, Any]], dict[str, Any]]] = {
    "Viewer": lambda *_: {"viewer": {
        "id": "v", "entity": ENTITY, "username": ENTITY, "email": "", "flags": "{}", "teams": {"edges": []},
    }},
    "ServerFeaturesQuery": lambda *_: {"serverInfo": {"features": []}},
    "OrganizationCoreWeaveOrganizationID": lambda *_: {"entity": {"organization": None}},
    "XXHashDigestsEnabled": lambda *_: {"entity": {"xxhashDigestsEnabled": False}},
    "FetchArtifactDigestAlgorithm": lambda *_: {"project": {"artifactType": None}},
    "ArtifactType": lambda *_: {"project": {"artifact": None}},
    "ClientIDMapping": lambda *_: {"clientIDMapping": None},
    "RunResumeStatus": Server.resume,
    "UpsertBucket": Server.upsert,
    "CreateRunFiles": Server.create_run_files,
    "MarkRunFilesUploaded": lambda *_: {"markRunFilesUploaded": {"success": True}},
    "CreateArtifact": Server.create_artifact,
    "CreateArtifactManifest": Server.create_manifest,
    "UpdateArtifactManifest": Server.update_manifest,
    "CreateArtifactFiles": Server.create_files,
    "CommitArtifact": Server.commit,
    "UseArtifact": Server.use,
}  # fmt: skip


def _make_handler(server: Server) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _read(self) -> bytes:
            if self.headers.get("Transfer-Encoding") == "chunked":
                content = b"".join(self._read_chunks())
            else:
                content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            return gzip.decompress(content) if self.headers.get("Content-Encoding") == "gzip" else content

        def _read_chunks(self) -> Iterator[bytes]:
            while length := int(self.rfile.readline().partition(b";")[0], 16):
                yield self.rfile.read(length)
                self.rfile.readline()
            self.rfile.readline()

        def _reply(self, answer: Mapping[str, Any]) -> None:
            content = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:
            content = self._read()
            if self.path.startswith("/sdk/"):  # how wandb is used, for its makers
                self._reply({})
                return
            told = json.loads(content or b"{}")
            if self.path.startswith("/graphql"):
                self._reply({"data": server.answer(told["query"], told.get("variables") or {})})
            elif match := re.fullmatch(r"/files/[^/]+/[^/]+/([^/]+)/file_stream", self.path):
                server.take_stream(match[1], told)
                self._reply({})
            else:
                server.unknown.append(self.path)
                self._reply({})

        def do_PUT(self) -> None:
            place, _, name = self.path.removeprefix("/put/").partition("?")
            server.take_file(*place.split("/"), name, self._read())
            self._reply({})

        def do_GET(self) -> None:
            server.unknown.append(self.path)
            self._reply({})

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    return Handler


class _Quiet(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Says nothing of clients that hang up."""
        if not isinstance(sys.exception(), ConnectionError):
            traceback.print_exc()


@contextmanager
def run_server() -> Iterator[Server]:
    """Run a server until the block ends; ``url`` is what W&B takes as its base."""
    server = Server()
    with _Quiet(("127.0.0.1", 0), _make_handler(server)) as own:
        server.url = f"http://127.0.0.1:{own.server_port}"
        threading.Thread(target=own.serve_forever, daemon=True).start()
        yield server
        own.shutdown()
