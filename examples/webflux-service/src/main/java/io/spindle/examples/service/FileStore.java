// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples.service;

import io.spindle.offload.io.Files;
import io.spindle.offload.io.Zlib;
import io.spindle.process.Input;
import io.spindle.spring.Commands;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Service;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Takes files in as they come: each chunk goes to a child process that hashes it and to a pool thread that compresses it,
 * and the next is asked for when both have taken it. No file is ever in memory as a whole.
 */
@Service
class FileStore {

    private static final int BOTH = 2;

    private final Path directory;
    private final Commands commands;
    private final Catalog catalog;

    FileStore(@Value("${service.directory}") Path directory, Commands commands, Catalog catalog) {
        this.directory = directory;
        this.commands = commands;
        this.catalog = catalog;
    }

    Mono<StoredFile> add(String name, Flux<byte[]> content) {
        String id = UUID.randomUUID().toString();
        AtomicLong bytes = new AtomicLong();
        AtomicLong gzipBytes = new AtomicLong();
        Flux<byte[]> chunks = content.doOnNext(chunk -> bytes.addAndGet(chunk.length))
                .publish(1)
                .refCount(BOTH);
        Flux<byte[]> compressed =
                chunks.transform(Zlib.gzip().compress()).doOnNext(chunk -> gzipBytes.addAndGet(chunk.length));
        return Mono.zip(
                        sha256(chunks),
                        Files.writeFileAtomically(path(id), compressed).thenReturn(id))
                .flatMap(done -> catalog.add(new StoredFile(id, name, done.getT1(), bytes.get(), gzipBytes.get())));
    }

    private Mono<String> sha256(Flux<byte[]> content) {
        return commands.of("sha256sum")
                .stdin(Input.ofBytes(content))
                .exec()
                .map(result -> result.stdout().substring(0, result.stdout().indexOf(' ')));
    }

    /** As it was sent. */
    Flux<byte[]> content(StoredFile file) {
        return Files.readChunks(path(file.id())).transform(Zlib.gzip().decompress());
    }

    private Path path(String id) {
        return directory.resolve(id + ".gz");
    }
}
