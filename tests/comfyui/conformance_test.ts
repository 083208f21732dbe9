import { startSimulator } from "../../src/simulator/mod.ts";
import { registerConformance, type ServerUnderTest } from "./conformance.ts";

registerConformance("Simulated ComfyUI", () => {
  return startSimulator({
    previewMethod: "latent2rgb",
    stepTimeMs: 1,
    loadTimeMs: 1,
    nodeTimeMs: 0,
  });
});

for (const profile of ["0.10", "0.33", "0.38"] as const) {
  registerConformance(`Simulated ComfyUI ${profile}`, () => {
    return startSimulator({ profile, stepTimeMs: 1, loadTimeMs: 1, nodeTimeMs: 0 });
  });
}

const url = Deno.env.get("COMFYUI_URL");

function realServer(address: string): Promise<ServerUnderTest> {
  return Promise.resolve({ url: address, [Symbol.asyncDispose]: () => Promise.resolve() });
}

if (url !== undefined) registerConformance("Real ComfyUI", () => realServer(url));
