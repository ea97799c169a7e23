// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples.service;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** {@code PUT /files/NAME} with any body, {@code GET /files}, {@code GET /files/ID}. */
@RestController
@RequestMapping("/files")
class FileController {

    private final FileStore store;
    private final Catalog catalog;

    FileController(FileStore store, Catalog catalog) {
        this.store = store;
        this.catalog = catalog;
    }

    @PutMapping("/{name}")
    @ResponseStatus(HttpStatus.CREATED)
    Mono<StoredFile> add(@PathVariable String name, ServerHttpRequest request) {
        return store.add(name, request.getBody().map(FileController::bytes));
    }

    private static byte[] bytes(DataBuffer buffer) {
        byte[] bytes = new byte[buffer.readableByteCount()];
        buffer.read(bytes);
        DataBufferUtils.release(buffer);
        return bytes;
    }

    @GetMapping
    Flux<StoredFile> list() {
        return catalog.findAll();
    }

    @GetMapping("/{id}")
    Mono<ResponseEntity<Flux<DataBuffer>>> content(@PathVariable String id) {
        return catalog.find(id)
                .map(file -> ResponseEntity.ok()
                        .contentType(MediaType.APPLICATION_OCTET_STREAM)
                        .contentLength(file.bytes())
                        .body(store.content(file)
                                .map(DefaultDataBufferFactory.sharedInstance::wrap)
                                .cast(DataBuffer.class)))
                .defaultIfEmpty(ResponseEntity.notFound().build());
    }
}
