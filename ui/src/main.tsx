import { render } from "preact";
import "./page.css";
import { Page } from "./page.tsx";

const container = document.getElementById("page");
if (container) render(<Page />, container);
