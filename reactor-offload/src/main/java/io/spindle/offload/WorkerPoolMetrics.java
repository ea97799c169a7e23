// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload;

/**
 * What a {@link WorkerPool} does at one moment and has done since it started.
 *
 * @param threads how many threads are alive, at work or asleep
 * @param running how many tasks run
 * @param queued how many tasks wait in the queue
 * @param waiting how many tasks wait for room in the queue: {@link OnFull#WAIT}
 * @param completed how many tasks have run, with a value, an error or stopped
 * @param rejected how many tasks were refused, by a full queue or an ended pool
 * @param retried how often a task was run again because its worker was lost: {@link TaskOptions#retries(int)}
 * @param utilization the share of its threads' time since its start in which the pool ran tasks, from 0 to 1: those
 *     that ended, against the number of threads it may have now
 * @param stuck how many tasks were interrupted and still run, for longer than {@link WorkerPoolSpec#stuckAfter} says
 * @since 0.1.0
 */
public record WorkerPoolMetrics(
        int threads,
        int running,
        int queued,
        int waiting,
        long completed,
        long rejected,
        long retried,
        double utilization,
        int stuck)
        implements TaskCounts {}
