import "./mantine.css";
import "@fontsource-variable/inter/wght.css";
import "./global.css";
import { MantineProvider } from "@mantine/core";
import { MutationCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { RouterProvider } from "react-router";
import { Problem } from "./api/problem";
import { sessionQuery } from "./api/queries";
import { Dialogs } from "./components/Dialogs";
import { SignInAgain } from "./components/SignInAgain";
import { Toasts } from "./components/Toasts";
import { keepLinkSecret } from "./link";
import { router } from "./router";
import { applyTheme, theme } from "./theme";

keepLinkSecret();
applyTheme();

const queries: QueryClient = new QueryClient({
    defaultOptions: {
        queries: {
            staleTime: 5_000,
            // A refusal stays one however often it is asked for.
            retry: (failures, error) => failures < 2 && error instanceof Problem && (error.status === 0 || error.status >= 500),
        },
    },
    mutationCache: new MutationCache({ onSuccess: refresh }),
});

/** Any change may show anywhere. What follows by events, as counts and deliveries do, shows a moment later. */
function refresh(): Promise<void> {
    setTimeout(() => void queries.invalidateQueries({ queryKey: ["users"] }), 2_500);
    return queries.invalidateQueries();
}

// Who is signed in is asked for while the page still loads.
void queries.prefetchQuery(sessionQuery);

const root = document.getElementById("root");
if (root) {
    createRoot(root).render(
        <StrictMode>
            <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
                <QueryClientProvider client={queries}>
                    <RouterProvider router={router} />
                    <SignInAgain />
                    <Dialogs />
                    <Toasts />
                </QueryClientProvider>
            </MantineProvider>
        </StrictMode>,
    );
}
