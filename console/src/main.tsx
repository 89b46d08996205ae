import "./mantine.css";
import "./font.css";
import "./global.css";
import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { lazy, StrictMode, Suspense } from "react";
import { createRoot } from "react-dom/client";
import { RouterProvider } from "react-router";
import { sessionQuery } from "./api/queries";
import { Toasts } from "./components/Toasts";
import { isLinkSecret, keepLinkSecret } from "./link";
import { queries } from "./queries";
import { router } from "./router";
import { theme } from "./theme";

/** What opens above any page. It loads behind the first one. */
const Layers = lazy(() => import("./components/Layers"));

keepLinkSecret();
// A link followed while the page that it leads to is open changes nothing but what is behind the #.
addEventListener("hashchange", () => {
    if (isLinkSecret(location.hash)) location.reload();
});

// Who is signed in is asked for while the page still loads.
void queries.prefetchQuery(sessionQuery);

const root = document.getElementById("root");
if (root) {
    createRoot(root).render(
        <StrictMode>
            <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
                <QueryClientProvider client={queries}>
                    <RouterProvider router={router} />
                    <Suspense>
                        <Layers />
                    </Suspense>
                    <Toasts />
                </QueryClientProvider>
            </MantineProvider>
        </StrictMode>,
    );
}
