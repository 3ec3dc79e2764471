"""The part of the service of Weights & Biases that wandb-core 0.31 needs to upload a run, on loopback."""
import gzip
import http.server
import json
import threading


class FakeWandbService:
    """with FakeWandbService() as service: runs that clients send to service.url are in service.runs, by their ids:
    {"history": [JSON of a row], "summary": JSON, "config": JSON, "project", "display_name", "exit_code"}."""

    def __enter__(self):
        self.runs = {}
        service = self

        class Handler(_Handler):
            runs = service.runs
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Handler.url = self.url
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    runs = url = None

    def log_message(self, *_):
        pass

    def handle(self):
        try:
            super().handle()
        except ConnectionError:
            pass  # a client that was killed

    def do_GET(self):
        self.reply({})

    def do_PUT(self):
        self.body()
        self.reply({})

    def do_POST(self):
        body = json.loads(self.body() or b"{}")
        if self.path.endswith("/graphql"):
            self.reply({"data": self.answer(body["query"], body.get("variables") or {})})
        elif self.path.endswith("/file_stream"):
            self.take(self.runs[self.path.split("/")[-2]], body)
            self.reply({"exitcode": None, "limits": {}})
        else:
            self.reply({})

    def body(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        return gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body

    def reply(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer(self, query, variables):
        if "upsertBucket" in query:
            return {"upsertBucket": self.upsert(variables)}
        if "RunResumeStatus" in query:
            return {"model": self.resume_status(variables["name"])}
        if "createRunFiles" in query:
            files = [{"name": name, "uploadUrl": f"{self.url}/upload"} for name in variables.get("files", [])]
            return {"createRunFiles": {"runID": "1", "uploadHeaders": [], "files": files}}
        version = {"max_cli_version": "9.9.9", "min_cli_version": "0.1.0"}
        if "viewer" in query:
            viewer = {"id": "1", "entity": "me", "username": "me", "email": "", "flags": "{}", "teams": {"edges": []}}
            return {"viewer": viewer, "serverInfo": {"cliVersionInfo": version, "features": []}}
        if "serverInfo" in query:
            return {"serverInfo": {"features": [], "cliVersionInfo": version}}
        return {}

    def upsert(self, variables):
        name = variables["name"]
        is_new = name not in self.runs
        run = self.runs.setdefault(name, {"history": [], "summary": "{}", "config": "{}", "project": None,
                                          "display_name": None, "exit_code": None})
        for key, variable in (("config", "config"), ("project", "project"), ("display_name", "displayName")):
            run[key] = variables.get(variable) or run[key]
        project = {"id": "1", "name": run["project"], "entity": {"id": "1", "name": "me"}}
        return {"inserted": is_new, "bucket": {"id": "1", "name": name, "displayName": run["display_name"], "description": None,
                                               "config": run["config"], "sweepName": None,
                                               "historyLineCount": len(run["history"]), "project": project}}

    def resume_status(self, name):
        run = self.runs.get(name)
        if run is None:
            return {"bucket": None}
        bucket = {"id": "1", "name": name, "displayName": run["display_name"], "summaryMetrics": run["summary"],
                  "historyLineCount": len(run["history"]), "historyTail": json.dumps(run["history"][-1:]),
                  "logLineCount": 0, "eventsLineCount": 0, "eventsTail": "[]", "config": run["config"], "tags": [],
                  "notes": None, "wandbConfig": '{"t": 1}'}
        return {"id": "1", "name": run["project"], "entity": {"id": "1", "name": "me"}, "bucket": bucket}

    def take(self, run, stream):
        """Takes lines as the service does: they stand at their offset, over what was there."""
        files = stream.get("files") or {}
        if "wandb-history.jsonl" in files:
            chunk = files["wandb-history.jsonl"]
            end = chunk["offset"] + len(chunk["content"])
            run["history"][chunk["offset"]:end] = chunk["content"]
        if "wandb-summary.json" in files:
            run["summary"] = files["wandb-summary.json"]["content"][-1]
        if stream.get("complete"):
            run["exit_code"] = stream["exitcode"]
