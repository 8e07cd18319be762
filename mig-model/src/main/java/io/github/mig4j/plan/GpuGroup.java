package io.github.mig4j.plan;

import java.util.BitSet;

/**
 * GPUs that are alike and may meet the same kinds of demand.
 *
 * @param gpu what each of them is
 * @param kinds which kinds of demand the labels of their nodes allow
 */
record GpuGroup(PlanGpu gpu, BitSet kinds) {}
