// Tables of the page: texts go in as texts, headers sort, a screen reader hears what is sorted how.
"use strict";
window.zgsTables = (function () {
  let order = { read: () => "", keep: () => {} }; // by what each table is sorted: the address has it

  /** Says who knows by which column a table is sorted: `read(id)` and `keep(id, "-2")`, "-" where it goes down. */
  function follow(host) {
    order = host;
  }

  /** Makes an element with a text and attributes; nothing that a label holds is ever read as markup. */
  function make(tag, text = "", attributes = {}) {
    const element = document.createElement(tag);
    if (text !== "") element.textContent = text;
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  }

  /** Writes how many there are of something: "1 run", "2 runs". */
  const count = (many, what) => `${many} ${what}${many === 1 ? "" : "s"}`;

  /** Fills a table: `heads` are {title, text}; rows are {cells: [{text, small, sort}], bound, name}. */
  function fill(table, caption, heads, rows) {
    const by = order.read(table.id), state = { column: by === "" ? null : Math.abs(Number(by)), down: by.startsWith("-") };
    const sorted = [...rows];
    if (state.column !== null && state.column < heads.length) sorted.sort((a, b) => compare(a.cells[state.column], b.cells[state.column], state.down));
    const head = make("tr");
    heads.forEach((each, column) => head.append(makeHead(table, each, column, state, () => fill(table, caption, heads, rows))));
    const thead = make("thead"), tbody = make("tbody");
    thead.append(head);
    for (const row of sorted) tbody.append(makeRow(row));
    const focused = table.contains(document.activeElement) ? document.activeElement.dataset.column : null;
    table.replaceChildren(make("caption", caption, { class: "hidden" }), thead, tbody);
    if (focused !== null) table.querySelector(`button[data-column="${focused}"]`)?.focus();
  }

  function makeHead(table, head, column, state, again) {
    const cell = make("th", "", { scope: "col", class: head.text ? "text" : "" });
    const button = make("button", head.title, { type: "button", "data-column": String(column) });
    if (state.column === column) cell.setAttribute("aria-sort", state.down ? "descending" : "ascending");
    button.addEventListener("click", () => {
      order.keep(table.id, `${(state.column === column ? !state.down : !head.text) ? "-" : ""}${column}`);
      again();
    });
    cell.append(button);
    return cell;
  }

  function makeRow(row) {
    const line = make("tr", "", row.bound ? { class: "bound" } : {});
    row.cells.forEach((cell, at) => {
      const td = at ? make("td", cell.text, cell.isText ? { class: "text" } : {}) : make("th", cell.text, { scope: "row", style: "font-weight:600" });
      if (cell.colour) td.style.borderLeft = `5px solid ${cell.colour}`;
      if (cell.name) td.dataset.name = cell.name;
      if (cell.small) td.append(" ", make("small", cell.small));
      if (cell.go) { td.replaceChildren(make("button", cell.text, { type: "button" })); td.firstChild.addEventListener("click", cell.go); }
      line.append(td);
    });
    return line;
  }

  /** Numbers by value with what has none last, texts as people sort them. */
  function compare(a, b, down) {
    const [x, y] = [a.sort ?? a.text, b.sort ?? b.text], sign = down ? -1 : 1;
    if (typeof x === "number" && typeof y === "number") return Number.isNaN(x) || Number.isNaN(y) ? Number.isNaN(x) - Number.isNaN(y) : sign * (x - y);
    return sign * String(x).localeCompare(String(y), undefined, { numeric: true });
  }

  return { make, count, fill, follow };
})();
