/**
 * The page that shows the API document, at `/docs`. What is tried out there goes to this installation: with the session
 * of the console, or with the token or key that the visitor enters.
 */
import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";
import "swagger-ui-dist/swagger-ui.css";
import "./docs.css";

const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

SwaggerUI({
    url: "/openapi.json",
    dom_id: "#docs",
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    filter: true,
    // No validator elsewhere is to hear of this installation.
    validatorUrl: null,
    requestInterceptor: (request) => {
        request.headers["X-Roster-Request"] = "1";
        return request;
    },
});
