import "./mantine.css";
import "./font.css";
import "./global.css";
import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { RouterProvider } from "react-router";
import { sessionQuery } from "./api/queries";
import { Dialogs } from "./components/Dialogs";
import { SignInAgain } from "./components/SignInAgain";
import { Toasts } from "./components/Toasts";
import { keepLinkSecret } from "./link";
import { queries } from "./queries";
import { router } from "./router";
import { applyTheme, theme } from "./theme";

keepLinkSecret();
applyTheme();

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
