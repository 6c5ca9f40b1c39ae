import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Reference } from "./Reference";
import "../shared/page.css";

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <Reference />
    </StrictMode>,
  );
}
