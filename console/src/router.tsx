import { Boundary } from "./components/Broken";
import { SeenBy } from "./components/guards";
import { Shell } from "./components/Shell";
import { useLocation } from "./navigation";

/** The page that the address names. */
export function Router() {
    const { Page, seenBy, pathname } = useLocation();
    const page = (
        <Boundary key={pathname}>
            <Page />
        </Boundary>
    );
    return (
        <Boundary>
            {seenBy ? (
                <Shell>
                    <SeenBy roles={seenBy}>{page}</SeenBy>
                </Shell>
            ) : (
                page
            )}
        </Boundary>
    );
}
