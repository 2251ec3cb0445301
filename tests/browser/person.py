"""A person at the forge's pages, by a real browser: reads, clicks and types, and has nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal, TypeVar

from playwright.sync_api import Browser, Page, Playwright, sync_playwright

T = TypeVar("T")
Verdict = Literal["Comment", "Approve", "Request changes"]
PATIENCE = 30.0
"""Seconds in which a page must come."""


class Chromium:
    """A browser in a thread of its own: Playwright holds an event loop, and so may the test."""

    def __init__(self, executable: str) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="chromium")
        self._playwright: Playwright
        self.browser: Browser

        def start() -> None:
            self._playwright = sync_playwright().start()
            self.browser = self._playwright.chromium.launch(
                executable_path=executable, args=["--disable-gpu", "--no-first-run", "--no-proxy-server"]
            )

        self.run(start)

    def run(self, work: Callable[[], T]) -> T:
        """Do something with the browser, in its thread."""
        return self._thread.submit(work).result()

    def close(self) -> None:
        """Close it, and the thread."""
        self.run(self.browser.close)
        self.run(self._playwright.stop)
        self._thread.shutdown()


class Person:
    """Somebody with a browser of their own; with a `login` they are signed in.

    Args:
        chromium: the program, which several people share (their cookies they do not).
        base_url: the forge's address.
        repository: ``OWNER/NAME``; what they do is done there.
        screenshots: where pictures are kept.
        width: of the window, in pixels; 390 is a phone's.
    """

    def __init__(
        self,
        chromium: Chromium,
        base_url: str,
        repository: str,
        screenshots: Path,
        *,
        login: str | None = None,
        width: int = 1280,
    ) -> None:
        self.name = login or "somebody"
        self.complaints: list[str] = []
        """What the browser said was wrong: a script or a style that the policy forbids, a failed load."""
        self._chromium = chromium
        self._base_url = base_url
        self._home = f"{base_url}/{repository}"
        self._screenshots = screenshots
        self._pictures = 0
        self._page: Page

        def begin() -> None:
            context = chromium.browser.new_context(viewport={"width": width, "height": 900})
            context.set_default_timeout(PATIENCE * 1000)
            self._page = context.new_page()
            self._page.on("console", lambda message: self.complaints.append(message.text))

        chromium.run(begin)
        if login is not None:
            self.sign_in(login)

    def leave(self) -> None:
        """Close the window."""
        self._run(lambda page: page.context.close())

    # -- looking ------------------------------------------------------------------------------------------
    def open(self, address: str = "") -> str:
        """Go to an address below the repository's; what the page says."""
        self._run(lambda page: page.goto(f"{self._home}{address}"))
        return self.text()

    def text(self) -> str:
        """What the page says, white space folded."""
        return " ".join(self._run(lambda page: page.locator("main").inner_text()).split())

    def sees(self, *words: str) -> bool:
        """Whether the page says all of this."""
        text = self.text()
        return all(one in text for one in words)

    def waits_for(self, words: str, address: str, seconds: float = PATIENCE) -> str:
        """Look at a page again and again until it says something; its text. Fails with what it says."""
        end = time.monotonic() + seconds
        while words not in (text := self.open(address)):
            assert time.monotonic() < end, f"{address} did not say {words!r} in {seconds:.0f} s:\n{text}"
            time.sleep(0.5)
        return text

    def can(self, button: str) -> bool:
        """Whether the page has such a button."""
        return self._run(lambda page: page.get_by_role("button", name=button, exact=True).count() > 0)

    def address(self) -> str:
        """Where they are, below the forge's address."""
        return self._run(lambda page: page.url).removeprefix(self._base_url)

    def overflow(self) -> int:
        """How many pixels the page is wider than the window."""
        root = "document.documentElement"
        wider = f"{root}.scrollWidth - {root}.clientWidth"
        return int(self._run(lambda page: page.evaluate(wider)))

    def picture(self, name: str) -> Path:
        """A picture of the whole page."""
        self._pictures += 1
        path = self._screenshots / f"{self._pictures:02}-{self.name}-{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        self._run(lambda page: page.screenshot(path=path, full_page=True))
        return path

    # -- doing: anywhere ----------------------------------------------------------------------------------
    def sign_in(self, login: str) -> None:
        """Be one of the forge's people."""

        def work(page: Page) -> None:
            page.goto(f"{self._base_url}/login")
            page.get_by_role("main").get_by_role("button", name=login).click()

        self._run(work)
        self.name = login

    def press(self, button: str) -> str:
        """Press a button of the page; what the next page says."""
        self._run(lambda page: page.get_by_role("button", name=button, exact=True).first.click())
        return self.text()

    # -- doing: issues, and the conversation of pull requests --------------------------------------------
    def open_issue(self, title: str, body: str = "", labels: Sequence[str] = ()) -> int:
        """Open an issue; its number."""

        def work(page: Page) -> None:
            page.goto(f"{self._home}/issues")
            page.get_by_role("link", name="New issue").click()
            page.get_by_label("Title").fill(title)
            page.get_by_label("Description").fill(body)
            if labels:
                page.get_by_label("Labels, with commas").fill(", ".join(labels))
            page.get_by_role("button", name="Create issue").click()

        self._run(work)
        return int(self.address().rpartition("/")[2])

    def comment(self, number: int, text: str, then: str = "Comment") -> str:
        """Comment on an issue or pull request (`then` names another button: ``Close issue``)."""

        def work(page: Page) -> None:
            page.goto(f"{self._home}/issues/{number}")
            page.get_by_label("Comment", exact=True).and_(page.locator("textarea")).fill(text)
            page.get_by_role("button", name=then, exact=True).click()

        return self._do(work)

    def label(self, number: int, name: str) -> str:
        """Put a label on."""

        def work(page: Page) -> None:
            page.goto(f"{self._home}/issues/{number}")
            page.get_by_label("Add a label").fill(name)
            page.get_by_label("Add a label").press("Enter")

        return self._do(work)

    def unlabel(self, number: int, name: str) -> str:
        """Take a label off."""

        def work(page: Page) -> None:
            page.goto(f"{self._home}/issues/{number}")
            page.get_by_role("button", name=f"Remove label {name}", exact=True).click()

        return self._do(work)

    def add_sub_issue(self, number: int, child: int) -> str:
        """Make an issue a child of another."""
        return self._fill(f"/issues/{number}", "Add a sub-issue", f"#{child}", "Add sub-issue")

    def block(self, number: int, by: int) -> str:
        """Make an issue wait for another."""

        def work(page: Page) -> None:
            page.goto(f"{self._home}/issues/{number}")
            page.get_by_label("Blocked by").fill(f"#{by}")
            page.get_by_label("Blocked by").press("Enter")

        return self._do(work)

    # -- doing: pull requests -----------------------------------------------------------------------------
    def review(self, number: int, verdict: Verdict, text: str) -> str:
        """Submit a review."""

        def work(page: Page) -> None:
            page.goto(f"{self._home}/pull/{number}")
            page.get_by_label("What you found").fill(text)
            page.get_by_role("radio", name=verdict, exact=True).check()
            page.get_by_role("button", name="Submit review").click()

        return self._do(work)

    def comment_on_line(self, number: int, path: str, line: int, text: str) -> str:
        """Begin a thread at a line of the new file."""

        def work(page: Page) -> None:
            page.goto(f"{self._home}/pull/{number}/files")
            file = page.get_by_role("region", name=path, exact=True)
            file.get_by_role("link", name=f"Comment on line {line}", exact=True).click()
            page.get_by_role("region", name=path, exact=True).locator("#line-comment").fill(text)
            page.get_by_role("button", name="Add the comment").click()

        return self._do(work)

    def reply(self, number: int, said: str, text: str, then: str = "Reply") -> str:
        """Answer in the thread that says `said` (`then` names another button: ``Resolve conversation``)."""

        def work(page: Page) -> None:
            page.goto(f"{self._home}/pull/{number}")
            thread = page.locator("section.thread").filter(has_text=said)
            if text:
                thread.get_by_label("Reply").and_(page.locator("textarea")).fill(text)
            thread.get_by_role("button", name=then, exact=True).click()

        return self._do(work)

    def resolve(self, number: int, said: str) -> str:
        """Settle the thread that says `said`."""
        return self.reply(number, said, "", then="Resolve conversation")

    def merge(self, number: int, method: str = "Create a merge commit") -> str:
        """Merge a pull request."""

        def work(page: Page) -> None:
            page.goto(f"{self._home}/pull/{number}")
            page.get_by_label("How to merge").select_option(label=method)
            page.get_by_role("button", name="Merge pull request").click()

        return self._do(work)

    # -- doing: files and workflows -----------------------------------------------------------------------
    def edit_file(self, branch: str, path: str, content: str, message: str) -> str:
        """Commit another content of a file to a branch."""

        def work(page: Page) -> None:
            page.goto(f"{self._home}/blob/{branch}/{path}")
            page.get_by_role("link", name="Edit", exact=True).click()
            _commit(page, content, message)

        return self._do(work)

    def new_file(self, branch: str, path: str, content: str, message: str) -> str:
        """Commit a new file to a branch."""

        def work(page: Page) -> None:
            page.goto(f"{self._home}/tree/{branch}")
            page.get_by_role("link", name="New file").click()
            page.get_by_label("Name, below").fill(path)
            _commit(page, content, message)

        return self._do(work)

    def switch_workflow(self, file: str, *, on: bool) -> str:
        """Enable or disable a workflow."""
        self.open(f"/actions/workflows/{file}")
        return self.press("Enable workflow" if on else "Disable workflow")

    # -- inside -------------------------------------------------------------------------------------------
    def _fill(self, address: str, label: str, text: str, button: str) -> str:
        def work(page: Page) -> None:
            page.goto(f"{self._home}{address}")
            page.get_by_label(label).fill(text)
            page.get_by_role("button", name=button, exact=True).click()

        return self._do(work)

    def _do(self, work: Callable[[Page], None]) -> str:
        self._run(work)
        return self.text()

    def _run(self, work: Callable[[Page], T]) -> T:
        return self._chromium.run(lambda: work(self._page))


def _commit(page: Page, content: str, message: str) -> None:
    page.get_by_label("Content").fill(content)
    page.get_by_label("Commit message").fill(message)
    page.get_by_role("button", name="Commit changes").click()
