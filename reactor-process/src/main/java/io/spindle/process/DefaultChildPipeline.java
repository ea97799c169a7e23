// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The stages, and nothing of its own. */
final class DefaultChildPipeline implements ChildPipeline {

    private final Pipeline pipeline;
    private final List<DefaultChildProcess> children;

    DefaultChildPipeline(Pipeline pipeline, List<DefaultChildProcess> children) {
        this.pipeline = pipeline;
        this.children = List.copyOf(children);
    }

    @Override
    public Pipeline pipeline() {
        return pipeline;
    }

    @Override
    public List<ChildProcess> stages() {
        return List.copyOf(children);
    }

    @Override
    public Flux<ByteBuf> stdout() {
        DefaultChildProcess last = children.get(children.size() - 1);
        return last.stdout()
                .doOnSubscribe(subscription ->
                        children.stream().filter(child -> child != last).forEach(DefaultChildProcess::holdUnread));
    }

    @Override
    public Mono<List<ExitStatus>> exit() {
        return all(ChildProcess::exit);
    }

    @Override
    public Mono<List<ExitStatus>> close() {
        return all(ChildProcess::close);
    }

    @Override
    public Mono<List<ExitStatus>> disposeGracefully() {
        return all(ChildProcess::disposeGracefully);
    }

    private Mono<List<ExitStatus>> all(Function<ChildProcess, Mono<ExitStatus>> status) {
        return Mono.zip(
                children.stream().map(status).toList(),
                statuses -> Arrays.stream(statuses).map(ExitStatus.class::cast).toList());
    }

    @Override
    public void dispose() {
        children.forEach(DefaultChildProcess::dispose);
    }

    @Override
    public boolean isDisposed() {
        return children.stream().allMatch(DefaultChildProcess::isDisposed);
    }

    @Override
    public String toString() {
        return "ChildPipeline[" + pipeline + "]";
    }
}
