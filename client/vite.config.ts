import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The sentences come from the one catalogue beside this folder, so the development server may read there too.
export default defineConfig({
  plugins: [react()],
  server: { fs: { allow: [".."] }, proxy: { "/api": "http://127.0.0.1:8080" } },
  build: {
    sourcemap: false,
    reportCompressedSize: false,
    rollupOptions: { input: { console: "index.html", reference: "api-docs.html" } },
  },
});
