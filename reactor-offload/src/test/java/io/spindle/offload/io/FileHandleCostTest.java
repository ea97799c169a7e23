// SPDX-License-Identifier: Apache-2.0
package io.spindle.offload.io;

import static org.assertj.core.api.Assertions.assertThat;

import io.spindle.offload.BlockingPool;
import io.spindle.offload.BlockingPoolSpec;
import io.spindle.testkit.LeakCheck;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/** What a handle costs others: the threads it closes on, the memory that its pool's threads keep. */
@ExtendWith(LeakCheck.class)
class FileHandleCostTest {

    private static final Duration LONG = Duration.ofSeconds(20);
    private static final int BIG = 8 * 1024 * 1024;
    private static final StandardOpenOption[] READ_WRITE = {StandardOpenOption.READ, StandardOpenOption.WRITE};

    private final BlockingPool pool = BlockingPoolSpec.of("one").threads(1).start();
    private final CountDownLatch blocked = new CountDownLatch(1);

    @TempDir
    private Path directory;

    private Path file;

    @BeforeEach
    void writeFile() throws Exception {
        file = java.nio.file.Files.writeString(directory.resolve("file"), "content");
    }

    @AfterEach
    void disposePool() {
        blocked.countDown();
        pool.dispose();
        pool.onDispose().block(LONG);
    }

    private <T> Mono<T> onPool(Mono<T> mono) {
        return mono.contextWrite(Context.of(BlockingPool.class, pool));
    }

    private FileHandle open() {
        return FileHandle.open(file, READ_WRITE).blockOptional(LONG).orElseThrow();
    }

    /** Keeps the one thread until {@link #blocked} is open. */
    private void block() throws InterruptedException {
        CountDownLatch blocking = new CountDownLatch(1);
        pool.<Boolean>call(() -> {
                    blocking.countDown();
                    return blocked.await(20, TimeUnit.SECONDS);
                })
                .subscribe(opened -> {}, disposed -> {});
        assertThat(blocking.await(20, TimeUnit.SECONDS)).isTrue();
    }

    private static CompletableFuture<@Nullable String> closedOn(FileHandle handle) {
        return handle.close()
                .then(Mono.fromSupplier(() -> Thread.currentThread().getName()))
                .toFuture();
    }

    @Test
    void aCancelOfTheLastOperationLeavesTheClosingToThePool() throws Exception {
        FileHandle handle = open();
        block();
        Disposable waiting = onPool(handle.read(ByteBuffer.allocate(1))).subscribe();
        CompletableFuture<@Nullable String> closedOn = closedOn(handle);

        waiting.dispose();

        assertThat(closedOn).isNotDone();
        blocked.countDown();
        assertThat(closedOn).succeedsWithin(LONG).asString().startsWith("one");
    }

    @Test
    void aPoolThatEndsLeavesTheClosingToAThreadThatMayBlock() throws Exception {
        FileHandle handle = open();
        block();
        CompletableFuture<@Nullable Integer> waiting =
                onPool(handle.read(ByteBuffer.allocate(1))).toFuture();
        CompletableFuture<@Nullable String> closedOn = closedOn(handle);

        pool.dispose();

        assertThat(waiting).failsWithin(LONG);
        assertThat(closedOn).succeedsWithin(LONG).asString().startsWith("boundedElastic");
    }

    @Test
    void bigArraysLeaveNoBigBufferBehind() {
        byte[] content = new byte[BIG];
        new Random(3).nextBytes(content);
        ByteBuffer half = ByteBuffer.allocate(BIG / 2);
        ByteBuffer whole = ByteBuffer.allocate(BIG);
        ByteBuffer quarter = ByteBuffer.allocate(BIG / 4);
        FileHandle handle = open();
        onPool(handle.size()).block(LONG); // its thread is there
        long before = direct();

        assertThat(onPool(handle.write(ByteBuffer.wrap(content))).block(LONG)).isEqualTo(BIG);
        assertThat(onPool(handle.write(ByteBuffer.wrap(content), 5)).block(LONG))
                .isEqualTo(BIG);
        assertThat(onPool(handle.position(5)
                                .then(handle.writev(List.of(
                                        ByteBuffer.wrap(content, 0, BIG / 2),
                                        ByteBuffer.wrap(content, BIG / 2, BIG / 2)))))
                        .block(LONG))
                .isEqualTo(BIG);
        assertThat(onPool(handle.read(whole, 5)).block(LONG)).isEqualTo(BIG);
        assertThat(onPool(handle.position(5).then(handle.readv(List.of(half, quarter))))
                        .block(LONG))
                .isEqualTo(BIG / 2 + BIG / 4);
        assertThat(onPool(handle.read(quarter.clear())).block(LONG)).isEqualTo(BIG / 4);
        List<byte[]> chunks =
                onPool(handle.readChunks(5, BIG, BIG).collectList()).block(LONG);

        assertThat(direct() - before).isLessThan(1024 * 1024);
        assertThat(whole.array()).isEqualTo(content);
        assertThat(half.array()).isEqualTo(Arrays.copyOf(content, BIG / 2));
        assertThat(quarter.array()).isEqualTo(Arrays.copyOfRange(content, BIG * 3 / 4, BIG));
        assertThat(chunks).hasSize(1).first().isEqualTo(content);
        handle.close().block(LONG);
    }

    /** How many bytes of direct buffers the JDK has. */
    private static long direct() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }
}
