import "./mantine.css";
import "./global.css";
import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { lazy, startTransition, StrictMode, Suspense } from "react";
import { createRoot } from "react-dom/client";
import { sessionQuery } from "./api/queries";
import { Toasts } from "./components/Toasts";
import { isLinkSecret, keepLinkSecret } from "./link";
import { arrive, show } from "./navigation";
import { queries } from "./queries";
import { Router } from "./router";
import { theme } from "./theme";

/** What opens above any page. It loads when the first one is there. */
const Layers = lazy(async () => {
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    return import("./components/Layers");
});

keepLinkSecret();
// A link followed while the page that it leads to is open changes nothing but what is behind the #.
addEventListener("hashchange", () => {
    if (isLinkSecret(location.hash)) location.reload();
});
addEventListener("popstate", () => void arrive());

// Who is signed in is asked for while the page still loads.
void queries.prefetchQuery(sessionQuery);

const root = document.getElementById("root");
if (root) {
    await show();
    // In slices, between which the browser does other things, such as showing the splash.
    startTransition(() =>
        createRoot(root).render(
            <StrictMode>
                <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
                    <QueryClientProvider client={queries}>
                        <Router />
                        <Suspense>
                            <Layers />
                        </Suspense>
                        <Toasts />
                    </QueryClientProvider>
                </MantineProvider>
            </StrictMode>,
        ),
    );
}
