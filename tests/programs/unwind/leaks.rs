// SPDX-License-Identifier: GPL-2.0-or-later
// Leaks from closures, generics, trait objects, boxed futures of none, threads.

use std::collections::{BTreeMap, HashMap};
use std::mem::forget;
use std::rc::Rc;

trait Shape {
    fn draw(&self) -> usize;
}

struct Circle(u64);
struct Named(String);

impl Shape for Circle {
    #[inline(never)]
    fn draw(&self) -> usize {
        forget(Box::new([self.0; 11]));
        1
    }
}

impl Shape for Named {
    #[inline(never)]
    fn draw(&self) -> usize {
        forget(self.0.clone());
        2
    }
}

#[inline(never)]
fn generic<T: Clone>(value: &T, times: usize) {
    forget(vec![value.clone(); times]);
}

#[inline(never)]
fn recursive(depth: usize) {
    forget(Box::new([depth; 21]));
    if depth > 0 {
        recursive(depth - 1);
    }
}

#[inline(never)]
fn called(action: &dyn Fn(usize)) {
    action(33);
}

#[inline(never)]
fn panics() {
    let text = String::from("held while unwinding, and forgotten then");
    let result = std::panic::catch_unwind(move || {
        forget(text.clone());
        if text.len() > 3 {
            std::panic::resume_unwind(Box::new(17u64));
        }
    });
    forget(result);
}

fn main() {
    let shapes: Vec<Box<dyn Shape>> = vec![Box::new(Circle(7)), Box::new(Named("a name".repeat(9)))];
    for shape in &shapes {
        std::hint::black_box(shape.draw());
    }
    generic(&5u64, 17);
    generic(&[1u8; 100], 3);
    recursive(4);
    called(&|size| forget(vec![1u8; size]));
    let mut map = BTreeMap::new();
    for i in 0..40 {
        map.insert(i, i.to_string());
    }
    forget(map);
    let table: HashMap<u32, u32, std::hash::BuildHasherDefault<std::collections::hash_map::DefaultHasher>> =
        (0..50).map(|i| (i, i)).collect();
    forget(table);
    forget(Rc::new([3u32; 50]));
    std::thread::spawn(|| recursive(1)).join().unwrap();
    panics();
}
