// Finds sections that hold every word of a query. The book is small: each query reads all of it.
"use strict";
{
  const SHOWN = 50;
  const field = document.getElementById("words");
  const count = document.getElementById("count");
  const results = document.getElementById("results");
  const sections = book.map(([page, file, heading, text]) => ({
    page, file, heading, text,
    low: text.toLowerCase(), lowHeading: heading.toLowerCase(), lowPage: page.toLowerCase(),
  }));

  const times = (text, word) => text.split(word).length - 1;

  /**
   * How well a section answers, or 0 if it lacks a word: headings count most, then the title of the
   * page, then words that begin so.
   */
  function score(section, words) {
    let sum = 0;
    for (const word of words) {
      const inHeading = times(section.lowHeading, word);
      const inPage = times(section.lowPage, word);
      const inText = times(section.low, word);
      if (inHeading + inPage + inText === 0) return 0;
      sum += 8 * Math.min(1, inHeading) + 2 * Math.min(1, inPage);
      sum += Math.log(1 + inText + 2 * times(section.low, " " + word));
    }
    return sum;
  }

  /** The text around the first word, with all the words marked. */
  function excerpt(section, words) {
    const found = words.map((word) => section.low.indexOf(word)).filter((at) => at >= 0);
    const first = found.length ? Math.min(...found) : 0;
    const from = section.text.lastIndexOf(" ", Math.max(0, first - 60)) + 1;
    const text = section.text.slice(from, first + 160);
    const escaped = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    const line = document.createElement("p");
    text.split(new RegExp(`(${escaped.join("|")})`, "i")).forEach((part, i) => {
      const node = document.createElement(i % 2 ? "mark" : "span");
      node.textContent = part;
      line.append(node);
    });
    if (from > 0) line.prepend("… ");
    if (first + 160 < section.text.length) line.append(" …");
    return line;
  }

  function search() {
    const query = field.value.trim();
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    document.title = (query ? `${query} · ` : "") + "Search · Grounds";
    results.replaceChildren();
    if (!words.length) {
      count.textContent = "Type words to find the sections that hold all of them.";
      return;
    }
    const found = sections
      .map((section) => [score(section, words), section])
      .filter(([points]) => points > 0)
      .sort((a, b) => b[0] - a[0]);
    const number = found.length === 1 ? "1 section" : `${found.length} sections`;
    count.textContent = found.length
      ? `${number} with “${query}”` + (found.length > SHOWN ? `; the first ${SHOWN}:` : "")
      : `Nothing holds “${query}”. Try fewer words, or the beginning of one.`;
    for (const [, section] of found.slice(0, SHOWN)) {
      const link = document.createElement("a");
      link.href = section.file;
      link.textContent = section.heading;
      const where = document.createElement("span");
      where.textContent = section.page === section.heading ? "" : section.page;
      const item = document.createElement("li");
      item.append(link, " ", where, excerpt(section, words));
      results.append(item);
    }
  }

  let waiting;
  function soon() {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      search();
      try {
        history.replaceState(null, "", "?q=" + encodeURIComponent(field.value.trim()));
      } catch {
        // A page that is a file may not change its address; the search works all the same.
      }
    }, 150);
  }

  field.value = new URLSearchParams(location.search).get("q") ?? "";
  field.addEventListener("input", soon);
  field.form.addEventListener("submit", (event) => {
    event.preventDefault();
    soon();
  });
  search();
  field.focus();
}
