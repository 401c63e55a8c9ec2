"""Lists the lessons, and runs one without a browser; called by the script lab beside it.

Running is nbclient's work. What is added here: progress on the terminal, an interrupt that stops the
cell and keeps what was done so far, and an executed notebook that is written whole or not at all and
holds nothing of this machine or this minute, so that a stored run differs from the next one only
where its results differ.
"""

import argparse
import asyncio
import json
import os
import pathlib
import re
import shutil
import signal
import sys
import time

NOTEBOOKS = pathlib.Path(__file__).resolve().parent
KERNEL = {"display_name": "Java (Grounds)", "language": "java", "name": "java"}
# After an interrupt the kernel has this long to stop the cell before it is ended.
SECONDS_TO_STOP = 15


def lessons():
    return sorted(NOTEBOOKS.glob("[0-9][0-9]-*.ipynb"))


def find(name):
    """The lesson with this number, name or path."""
    path = pathlib.Path(name)
    if path.suffix == ".ipynb":
        for candidate in (path, NOTEBOOKS / name):
            if candidate.is_file():
                return candidate.resolve()
        sys.exit(f"notebooks/lab: no file {name}")
    number = name.zfill(2) if name.isdigit() else name
    found = [p for p in lessons() if p.stem == name or p.stem.startswith(number)]
    if len(found) == 1:
        return found[0]
    kind = "no lesson" if not found else "more than one lesson"
    known = "\n  ".join(p.stem for p in found or lessons()) or "(none)"
    sys.exit(f"notebooks/lab: {kind} is called '{name}'. The lessons are:\n  {known}")


def heading(path):
    """The first heading of a notebook, or nothing."""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "markdown":
            for line in "".join(cell["source"]).splitlines():
                if line.startswith("#"):
                    return line.lstrip("# ").strip()
    return ""


class Terminal:
    """Tells on the terminal how a run is getting on, in a few lines a cell."""

    FIRST_LINES = 5
    SECONDS_BETWEEN_LINES = 5.0

    def __init__(self):
        self.width = max(40, shutil.get_terminal_size((100, 24)).columns - 1)
        self.lines = 0
        self.last = 0.0
        self.rest = ""
        self.skipped = ""

    def line(self, text):
        if len(text) > self.width:
            text = text[: self.width - 3] + "..."
        print(text, flush=True)

    def cell(self, number, count, source):
        first = next((line for line in source.splitlines() if line.strip()), "")
        self.lines = 0
        self.rest = self.skipped = ""
        self.line(f"[{number:2}/{count}] {first.strip()}")

    def output(self, text):
        """Text that a cell printed: its first lines, one every few seconds, and its last."""
        *complete, self.rest = re.split(r"[\r\n]+", self.rest + text)
        for line in complete:
            if not line.strip():
                continue
            now = time.monotonic()
            if self.lines < self.FIRST_LINES or now - self.last > self.SECONDS_BETWEEN_LINES:
                self.line(f"        {line.rstrip()}")
                self.lines += 1
                self.last = now
                self.skipped = ""
            else:
                self.skipped = line.rstrip()

    def end(self, seconds):
        self.output("\n")
        if self.skipped:
            self.line(f"        {self.skipped}")
        if seconds >= 1:
            self.line(f"        {seconds:.1f} s")


def clear(notebook):
    """Takes out what a run has put in, of a notebook read by nbformat or as plain JSON."""
    for cell in notebook["cells"]:
        cell["metadata"].pop("execution", None)
        if cell["cell_type"] == "code":
            cell["outputs"] = []
            cell["execution_count"] = None
    notebook["metadata"].pop("widgets", None)
    notebook["metadata"]["kernelspec"] = dict(KERNEL)


def join_streams(outputs):
    """Joins neighbouring pieces of one stream, which arrive cut up by time, as a front end does."""
    joined = []
    for output in outputs:
        if (
            joined
            and output.output_type == joined[-1].output_type == "stream"
            and output.name == joined[-1].name
        ):
            joined[-1].text += output.text
        else:
            joined.append(output)
    for output in joined:
        if output.output_type == "stream":
            # A carriage return goes back to the start of the line: what stood there is gone.
            output.text = re.sub(r"[^\n]*\r(?=[^\n])", "", output.text.replace("\r\n", "\n"))
    return joined


def write(text, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with open(temporary, "w", encoding="utf-8", newline="\n") as file:
            file.write(text.rstrip("\n") + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


async def execute(notebook, folder, timeout):
    """Runs the cells in order. Returns None, or a text that says why it stopped early."""
    from jupyter_client.utils import ensure_async
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    terminal = Terminal()

    class Client(NotebookClient):
        def process_message(self, message, cell, cell_index):
            content = message["content"]
            if message["msg_type"] == "stream":
                terminal.output(content["text"])
            elif message["msg_type"] in ("display_data", "update_display_data", "execute_result"):
                terminal.output(content["data"].get("text/plain", "") + "\n")
            return super().process_message(message, cell, cell_index)

    client = Client(
        notebook,
        timeout=timeout,
        kernel_name=KERNEL["name"],
        startup_timeout=120,
        iopub_timeout=30,
        record_timing=False,
        store_widget_state=False,
        allow_errors=False,
        resources={"metadata": {"path": str(folder)}},
    )
    run = asyncio.current_task()
    loop = asyncio.get_running_loop()
    interrupted = ended = False

    def end():
        nonlocal ended
        ended = True
        run.cancel()

    def interrupt():
        nonlocal interrupted
        if interrupted or client.kc is None:  # the second time, or nothing runs yet
            end()
            return
        interrupted = True
        terminal.line("interrupting the cell (once more ends the kernel)")
        asyncio.ensure_future(ensure_async(client.km.interrupt_kernel()))
        loop.call_later(SECONDS_TO_STOP, end)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupt)
    try:
        client.reset_execution_trackers()
        client.create_kernel_manager()
        await client.async_start_new_kernel()
        await client.async_start_new_kernel_client()
        reply = await client.async_wait_for_reply(await ensure_async(client.kc.kernel_info()))
        language = dict(reply["content"]["language_info"])
        language.pop("version", None)  # of this machine's Java
        notebook.metadata.language_info = language
        code = [(i, c) for i, c in enumerate(notebook.cells) if c.cell_type == "code"]
        for number, (index, cell) in enumerate(code, start=1):
            if interrupted:
                return f"interrupted before cell {number}"
            terminal.cell(number, len(code), cell.source)
            started = time.monotonic()
            try:
                await client.async_execute_cell(cell, index, execution_count=number)
            except CellTimeoutError:
                return f"cell {number} was still running after {timeout} s"
            except DeadKernelError:  # which is also what nbclient makes of a cancelled run
                if ended:
                    return f"interrupted in cell {number}, which did not stop: its kernel was ended"
                return f"the kernel died in cell {number}"
            except CellExecutionError as error:
                if interrupted:
                    return f"interrupted in cell {number}"
                trace = next((o.traceback for o in cell.outputs if o.output_type == "error"), None)
                trace = "\n".join(trace or [str(error)])
                if not sys.stdout.isatty():
                    trace = re.sub("\x1b\\[[0-9;]*m", "", trace)
                source = "\n".join("    " + line for line in cell.source.splitlines())
                return f"cell {number} failed:\n\n{source}\n\n{trace}"
            finally:
                cell.outputs = join_streams(cell.outputs)
                terminal.end(time.monotonic() - started)
        return None
    except asyncio.CancelledError:
        return "interrupted before the first cell"
    except RuntimeError as error:  # nbclient: the kernel did not start
        return f"the kernel did not start: {error}"
    finally:
        if client.kc is not None:
            client.kc.stop_channels()
        if client.km is not None and client.km.has_kernel:
            await ensure_async(client.km.shutdown_kernel(now=True))


def run(options):
    import nbformat

    lesson = options.lesson
    default = NOTEBOOKS / ".lab" / "executed" / lesson.name
    if options.in_place:
        target = lesson
    else:
        target = pathlib.Path(options.output).absolute() if options.output else default
    if options.size:
        os.environ["GROUNDS_SIZE"] = options.size
    notebook = nbformat.read(str(lesson), as_version=4)
    clear(notebook)

    started = time.monotonic()
    print(f"Running {lesson.stem} (size {os.environ.get('GROUNDS_SIZE', 'laptop')})", flush=True)
    problem = asyncio.run(execute(notebook, lesson.parent, options.timeout))
    seconds = time.monotonic() - started
    if problem is not None and options.in_place:
        target = default  # a lesson's stored outputs are those of a whole run
    write(nbformat.writes(notebook), target)
    if problem is None:
        print(f"Done in {seconds:.1f} s. Executed notebook: {target}", flush=True)
        return 0
    print(f"\n{lesson.stem}: {problem}", file=sys.stderr)
    print(f"Stopped after {seconds:.1f} s. What was done so far: {target}", file=sys.stderr)
    return 130 if problem.startswith("interrupted") else 1


def strip(paths):
    """Takes outputs and counts out of lessons; needs no Jupyter."""
    for path in paths or lessons():
        notebook = json.loads(path.read_text(encoding="utf-8"))
        clear(notebook)
        write(json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True), path)
        print(f"without outputs now: {path.name}")


def main():
    parser = argparse.ArgumentParser(prog="notebooks/lab")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list")
    command = commands.add_parser("strip", prog="notebooks/lab strip")
    command.add_argument("lessons", metavar="LESSON", nargs="*", type=find)
    for name in ("check", "run"):  # check: only whether these arguments make sense
        command = commands.add_parser(name, prog="notebooks/lab run")
        command.add_argument("lesson", type=find)
        command.add_argument("--size", choices=("smoke", "laptop", "gpu"))
        where = command.add_mutually_exclusive_group()
        where.add_argument("--output", metavar="FILE")
        where.add_argument("--in-place", action="store_true")
        command.add_argument("--timeout", metavar="SECONDS", type=int, help="for each cell")
    options = parser.parse_args()
    if options.command == "list":
        for lesson in lessons():
            print(f"{lesson.stem:40}  {heading(lesson)}")
    elif options.command == "strip":
        strip(options.lessons)
    elif options.command == "run":
        sys.exit(run(options))


main()
