/** What people paste as addresses, and who is read from it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAddresses, writeAddresses } from "../src/addresses";

const PASTED: [text: string, ...people: string[]][] = [
    [""],
    ["ada@x.org", "ada@x.org"],
    ["ada@x.org, alan@x.org;grace@x.org\n barbara@x.org ", "ada@x.org", "alan@x.org", "grace@x.org", "barbara@x.org"],
    ["ada@x.org alan@x.org\tgrace@x.org", "ada@x.org", "alan@x.org", "grace@x.org"],
    ["Ada@x.org, ada@x.org", "ada@x.org"],
    ["mailto:ada@x.org, Alan <MAILTO:alan@x.org>", "ada@x.org", "Alan|alan@x.org"],
    // Outlook, as it shows and as it copies.
    ['"Lovelace, Ada" <ada@x.org>; Turing, Alan <alan@x.org>', "Lovelace, Ada|ada@x.org", "Turing, Alan|alan@x.org"],
    ["'ada@x.org' <ada@x.org>;", "ada@x.org"],
    ['"Turing; the one" <alan@x.org>\n"Hopper" <grace@x.org>', "Turing; the one|alan@x.org", "Hopper|grace@x.org"],
    // Others.
    ["Ada Lovelace <ada@x.org>, Alan Turing <alan@x.org>, grace@x.org", "Ada Lovelace|ada@x.org", "Alan Turing|alan@x.org", "grace@x.org"],
    ["grace@x.org, Turing, Alan <alan@x.org>", "grace@x.org", "Turing, Alan|alan@x.org"],
    ["grace@x.org barbara@x.org <alan@x.org>", "grace@x.org", "barbara@x.org|alan@x.org"],
    ['"ada@x.org","alan@x.org"', "ada@x.org", "alan@x.org"],
    ["<ada@x.org> <alan@x.org>", "ada@x.org", "alan@x.org"],
    // What is none stays as it was written, so that it is found again.
    ["Ada Lovelace, alan@x.org", "Ada Lovelace", "alan@x.org"],
    ['"Lovelace <ada@x.org>', '"Lovelace|ada@x.org'],
    ['"ada@x.org\nalan@x.org\ngrace@x.org"', '"ada@x.org', "alan@x.org", 'grace@x.org"'],
    ["Ada ada@x.org", "Ada ada@x.org"],
];

for (const [text, ...people] of PASTED) {
    test(`pasted: ${JSON.stringify(text)}`, () => {
        const read = parseAddresses(text);
        assert.deepEqual(read.map(({ name, email }) => (name ? `${name}|${email}` : email)), people);
        assert.deepEqual(parseAddresses(writeAddresses(read)), read, "written and read again");
    });
}

test("a long text with many quotes is read at once", () => {
    assert.equal(parseAddresses('"a" '.repeat(5_000)).length, 1);
});
