import workerpool from "workerpool";
import { echo, factorial, spin, tick } from "../tasks.mjs";

workerpool.worker({ echo, factorial, spin, tick });
