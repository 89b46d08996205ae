import { Boundary } from "./components/Broken";
import { Shell } from "./components/Shell";
import { useLocation } from "./navigation";

/** The page that the address names. */
export function Router() {
    const { Page, isFramed, pathname } = useLocation();
    const page = (
        <Boundary key={pathname}>
            <Page />
        </Boundary>
    );
    return <Boundary>{isFramed ? <Shell>{page}</Shell> : page}</Boundary>;
}
