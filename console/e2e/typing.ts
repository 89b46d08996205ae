/**
 * Measures the search of the users page in a running installation, from the last letter typed to the frame that shows the
 * result: `npm run typing -- <address of the console> <e-mail> <password> <search>...`
 */
import { launch, signIn, visitor } from "./browser";

const [url = "http://127.0.0.1:8080", email = "", password = "", ...searches] = process.argv.slice(2);
const TIMES = 9;

const browser = await launch();
const page = await visitor(browser, url);
await signIn(page, email, password);
for (const search of searches) {
    const times: number[] = [];
    let rows = 0;
    for (let time = 0; time < TIMES; time++) {
        await page.goto("/users");
        await page.locator("tbody tr").first().waitFor();
        const measured = page.evaluate(measure, search);
        await page.getByRole("searchbox").pressSequentially(search, { delay: 60 });
        const { ms, found } = await measured;
        times.push(ms);
        rows = found;
    }
    times.sort((one, other) => one - other);
    console.log(`${search}: ${rows} rows, ${times[TIMES >> 1]} ms in the median, ${times.at(-1)} ms at most`);
}
await browser.close();

/** Milliseconds from the last letter of `search` until nothing but its result is shown, painted; how many rows that are. */
async function measure(search: string): Promise<{ ms: number; found: number }> {
    let typed = Infinity;
    document.addEventListener("input", (event) => void (typed = event.timeStamp), { capture: true });
    for (;;) {
        await new Promise((resolve) => requestAnimationFrame(resolve));
        const isAsked = new URLSearchParams(location.search).get("q") === search;
        const isAnswered = document.querySelector("main [aria-busy=false]") !== null && document.querySelector("main [role=status]") === null;
        if (isAsked && isAnswered) break;
    }
    const found = document.querySelectorAll("tbody tr").length;
    await new Promise((resolve) => requestAnimationFrame(resolve));
    return { ms: Math.round(performance.now() - typed), found };
}
