// SPDX-License-Identifier: Apache-2.0
package io.spindle.spring;

import io.spindle.loop.DurationHistogram;
import io.spindle.loop.EventLoop;
import io.spindle.loop.LoopMetrics;
import io.spindle.offload.BlockingPool;
import io.spindle.offload.WorkerPool;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.springframework.beans.factory.ObjectProvider;

/** The pools and loops of an application, and what they do now. */
record Resources(List<BlockingPool> pools, List<WorkerPool> workerPools, List<EventLoop> loops) {

    private static final double MEDIAN = 50;
    private static final double TAIL = 99;

    static Resources of(
            ObjectProvider<BlockingPool> pools,
            ObjectProvider<WorkerPool> workerPools,
            ObjectProvider<EventLoop> loops) {
        return new Resources(
                pools.orderedStream().toList(),
                workerPools.orderedStream().toList(),
                loops.orderedStream().toList());
    }

    /** The figures of each, by name. */
    Map<String, Object> figures() {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("blockingPools", byName(pools, BlockingPool::name, Resources::figures));
        all.put("workerPools", byName(workerPools, WorkerPool::name, Resources::figures));
        all.put("loops", byName(loops, EventLoop::name, Resources::figures));
        return all;
    }

    private static <T> Map<String, Object> byName(
            List<T> resources, Function<T, String> name, Function<T, Map<String, Object>> figures) {
        Map<String, Object> all = new LinkedHashMap<>();
        resources.forEach(each -> all.put(name.apply(each), figures.apply(each)));
        return all;
    }

    private static Map<String, Object> figures(BlockingPool pool) {
        var now = pool.metrics();
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("disposed", pool.isDisposed());
        figures.put("maxThreads", pool.threads());
        figures.put("threads", now.threads());
        figures.put("running", now.running());
        figures.put("queued", now.queued());
        figures.put("completed", now.completed());
        figures.put("rejected", now.rejected());
        figures.put("waited", times(pool.waitTimes()));
        figures.put("ran", times(pool.runTimes()));
        return figures;
    }

    private static Map<String, Object> figures(WorkerPool pool) {
        var now = pool.metrics();
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("disposed", pool.isDisposed());
        figures.put("threads", now.threads());
        figures.put("running", now.running());
        figures.put("queued", now.queued());
        figures.put("waiting", now.waiting());
        figures.put("completed", now.completed());
        figures.put("rejected", now.rejected());
        figures.put("utilization", now.utilization());
        figures.put("waited", times(pool.waitTimes()));
        figures.put("ran", times(pool.runTimes()));
        return figures;
    }

    private static Map<String, Object> times(DurationHistogram histogram) {
        return Map.of(
                "p50", histogram.percentile(MEDIAN).toString(),
                "p99", histogram.percentile(TAIL).toString(),
                "max", histogram.max().toString());
    }

    private static Map<String, Object> figures(EventLoop loop) {
        LoopMetrics now = loop.metrics();
        Map<String, Object> figures = new LinkedHashMap<>();
        figures.put("disposed", loop.isDisposed());
        figures.put("utilization", now.utilization());
        figures.put("turns", now.turns());
        figures.put("callbacks", now.callbacks());
        figures.put("queuedTasks", now.queuedTasks());
        figures.put("timers", now.timers());
        figures.put("channels", now.channels());
        figures.put("keptAliveBy", now.resources());
        figures.put("slowest", now.slowest().stream().map(Resources::slow).toList());
        return figures;
    }

    private static Map<String, Object> slow(LoopMetrics.SlowCallback callback) {
        Duration took = callback.duration();
        return Map.of("callback", callback.callback(), "took", took.toString());
    }
}
