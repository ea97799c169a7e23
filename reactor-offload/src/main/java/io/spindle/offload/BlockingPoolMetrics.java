// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

/**
 * What a {@link BlockingPool} does at one moment and has done since it started.
 *
 * @param threads how many threads are alive, at work or asleep; of a view: how many it occupies
 * @param running how many tasks run
 * @param queued how many tasks wait
 * @param completed how many tasks have run, with a value, an error or interrupted
 * @param rejected how many tasks were refused, by a full queue or an ended pool
 * @param stuck how many tasks were interrupted and still run, for longer than {@link BlockingPoolSpec#stuckAfter} says
 * @since 0.1.0
 */
public record BlockingPoolMetrics(int threads, int running, int queued, long completed, long rejected, int stuck)
        implements TaskCounts {}
