declare module "swagger-ui-dist/swagger-ui-es-bundle.js" {
    interface Request {
        headers: Record<string, string>;
    }
    interface Options {
        url: string;
        dom_id: string;
        deepLinking: boolean;
        docExpansion: "list" | "full" | "none";
        defaultModelsExpandDepth: number;
        displayRequestDuration: boolean;
        filter: boolean;
        validatorUrl: string | null;
        requestInterceptor: (request: Request) => Request;
    }
    /** Shows an OpenAPI document in the element `dom_id`. */
    export default function SwaggerUI(options: Options): void;
}
