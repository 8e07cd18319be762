package io.github.mig4j.plan;

import java.util.BitSet;

/**
 * Equal GPUs that can meet the same kinds of demand.
 *
 * @param gpu the model, the layout and the pinned instances of each GPU
 * @param kinds the kinds of demand that the labels of the nodes allow
 */
record GpuGroup(PlanGpu gpu, BitSet kinds) {}
